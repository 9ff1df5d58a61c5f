"""The players' scripts as one: the browser gets a single module, without a build step and without a server path."""

import re
from functools import cache
from importlib.resources import files
from posixpath import dirname, join, normpath

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.\.?/[\w/]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


@cache
def bundle() -> str:
    """Return main.js with everything that it imports, each file in a scope of its own; it defines `$main`."""
    parts: dict[str, str] = {}
    _collect("main", parts)
    return "\n".join(parts.values())


@cache
def style() -> str:
    """Return the players' style sheet."""
    return (files("explorer.player") / "player.css").read_text(encoding="utf-8")


def _collect(name: str, parts: dict[str, str]) -> None:
    """Put the script js/`name`.js into `parts`, after all that it imports."""

    def imported(path: str) -> str:
        return normpath(join(dirname(name), path))

    source = files("explorer.player").joinpath("js", *f"{name}.js".split("/")).read_text(encoding="utf-8")
    for _, path in _IMPORT.findall(source):
        if imported(path) not in parts:
            _collect(imported(path), parts)
    exported = ", ".join(_EXPORT.findall(source))
    body = _IMPORT.sub(lambda found: f"const {found[1]} = {_constant(imported(found[2]))};", source)
    body = _EXPORT.sub("", body)
    parts[name] = f"const {_constant(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _constant(name: str) -> str:
    """The constant that holds what a script exports: $mixture_lanes for mixture/lanes."""
    return "$" + name.replace("/", "_")
