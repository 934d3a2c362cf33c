"""Templates of regular expressions: `$1`, `${name}` and `$$`, as Go's `Regexp.Expand` reads them."""

import re
from collections.abc import Callable
from typing import Any, Final

from exporter.model.regex import Regex

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))", re.ASCII)


def expander(replacement: str, regex: Regex) -> Callable[[Any], list[str]]:
    """Return a function that expands a replacement for a match of this expression.

    An unknown group is empty, a `$` that starts no reference stays.
    """
    pieces: list[str | int] = []
    position = 0
    for match in _REFERENCE.finditer(replacement):
        pieces.append(replacement[position : match.start()])
        pieces.append("$" if match[1] else _group(match[2] or match[3], regex))
        position = match.end()
    pieces.append(replacement[position:])
    return lambda found: [
        piece if isinstance(piece, str) else found.group(piece) or "" for piece in pieces if piece != ""
    ]


def _group(name: str, regex: Regex) -> str | int:
    if name.isdigit():
        number = int(name) if len(name) < 6 else regex.groups + 1
    else:
        number = regex.groupindex.get(name, regex.groups + 1)
    return number if number <= regex.groups else ""
