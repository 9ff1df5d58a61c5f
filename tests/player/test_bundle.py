"""The players' scripts as one: complete, parsed without complaint, small, and asking nobody for anything."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from explorer.player.bundle import bundle, style
from tests.player import node

FOLDER = Path(str(files("explorer.player") / "js"))
# By the path from the folder of all scripts, without its ending.
SOURCES = {
    file.relative_to(FOLDER).with_suffix("").as_posix(): file.read_text(encoding="utf-8")
    for file in FOLDER.rglob("*.js")
}
# Just enough of a page for the scripts to be read; anything that they touch while they are read answers to everything.
PAGE = """
const anything = new Proxy(function () {}, {
  get: (target, name) => (name === Symbol.toPrimitive ? () => "" : anything),
  apply: () => anything,
  construct: () => anything,
});
for (const name of ["document", "window", "location", "history", "matchMedia", "addEventListener", "HTMLElement",
  "ResizeObserver", "MutationObserver", "requestAnimationFrame", "getComputedStyle", "devicePixelRatio"])
  Object.defineProperty(globalThis, name, { value: anything, configurable: true });
"""


def imports(script):
    """(names, path of the script that they come from) of every import in a script, whatever bundle.py makes of them."""
    for names, path in re.findall(r'import\s*\{([^}]*)\}\s*from\s*"([^"]*)"', SOURCES[script]):
        assert re.fullmatch(r"\.\.?/[\w/]+\.js", path)
        found = (FOLDER / script).parent.joinpath(path).resolve()
        yield [name.strip() for name in names.split(",") if name.strip()], found


def exports(source):
    return set(re.findall(r"^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+(\w+)", source, re.MULTILINE))


def test_every_script_is_in_the_bundle_once():
    bundled = re.findall(r"^const \$?(\w+) = \(\(\) => \{$", bundle(), re.MULTILINE)
    assert sorted(bundled) == sorted(name.replace("/", "_") for name in SOURCES)


def test_nothing_is_imported_or_exported_any_more():
    assert not re.findall(r"^\s*(?:import|export)\b.*", bundle(), re.MULTILINE)
    assert not re.search(r"\bimport\s*\(", bundle())


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_a_script_imports_is_exported_where_it_looks_for_it(name):
    """A bundle would not notice: destructuring a name that is not there gives undefined."""
    source = SOURCES[name]
    found = list(imports(name))
    assert len(found) == len(re.findall(r"^import\b", source, re.MULTILINE))
    for names, path in found:
        assert set(names) <= exports(path.read_text(encoding="utf-8")), path
    assert len(exports(source)) == len(re.findall(r"^export\b", source, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_a_script_exports_is_used_somewhere(name):
    used = {
        each
        for script in SOURCES
        for names, path in imports(script)
        if path == (FOLDER / f"{name}.js").resolve()
        for each in names
    }
    assert exports(SOURCES[name]) - used <= ({"show"} if name == "main" else set())


def test_the_bundle_is_a_module(tmp_path):
    node.assert_is_a_module(bundle(), tmp_path)


def test_the_bundle_runs_and_hands_over_what_it_is_for(tmp_path):
    script = tmp_path / "bundle.mjs"
    told = "console.log(Object.keys($main).join(), typeof $main.show); process.exit(0);"
    script.write_text(f"{PAGE}\n{bundle()}\n{told}", encoding="utf-8")
    ran = node.run(str(script))
    assert ran.stdout.decode().split() == ["show", "function"], ran.stderr.decode()


def test_scripts_and_styles_are_below_one_megabyte():
    assert len(bundle().encode()) + len(style().encode()) < 1_000_000


@pytest.mark.parametrize("text", [pytest.param(bundle, id="scripts"), pytest.param(style, id="styles")])
def test_nothing_is_asked_for_over_the_network(text):
    addresses = set(re.findall(r"""(?:https?:|wss?:|["'`(])//[^\s"'`)]+""", text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    ways = r"""XMLHttpRequest|WebSocket|EventSource|sendBeacon|@import\b|\burl\s*\((?!["']?data:)"""
    assert not re.findall(ways, text())
    # What the server has promised is fetched, at a path that the server itself named.
    assert re.findall(r"\bfetch\s*\(.", text()) == (["fetch(`"] if text is bundle else [])
