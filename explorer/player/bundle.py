"""The players' scripts as one: the browser gets a single module, without a build step and without a server path."""

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
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
    source = (files("explorer.player") / "js" / f"{name}.js").read_text(encoding="utf-8")
    for _, imported in _IMPORT.findall(source):
        if imported not in parts:
            _collect(imported, parts)
    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = $\2;", source))
    parts[name] = f"const ${name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
