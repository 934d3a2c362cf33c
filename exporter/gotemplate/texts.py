"""Text functions are shared by rule and notification templates.

Source: strings, regexp and golang.org/x/text/cases of Go.
"""

import re
from functools import lru_cache
from typing import Any, Final

import re2

from exporter.gotemplate.limits import LARGEST_TEXT
from exporter.gotemplate.values import FunctionError

_REFERENCE: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)
_MIDDLES: Final = frozenset(".:'’·‧․\ufe13\ufe52\ufe55\uff07\uff0e\uff1a")
_LARGEST_PATTERN_MEMORY: Final = 8 << 20


def upper(text: str) -> str:
    """`toUpper`: character by character, so that their number stays, as in Go."""
    return "".join(map(_upper_character, text))


def _upper_character(char: str) -> str:
    forms = (char.upper(), char.title(), char)
    return next(form for form in forms if len(form) == 1)


def lower(text: str) -> str:
    """`toLower`: character by character."""
    return "".join(char.lower()[0] for char in text)


def title(text: str, *, lower_rest: bool) -> str:
    """Each word with its first letter in upper case, and with `lower_rest` the others in lower case.

    A dot, colon or apostrophe between letters does not end a word, nor does an underscore.
    """
    pieces: list[str] = []
    in_word = False
    after_middle = False
    for char in text:
        middle = char in _MIDDLES
        if middle and after_middle:
            in_word = False
        if char.isupper() or char.islower() or char.istitle():
            rest = char.lower() if lower_rest else char
            pieces.append(rest if in_word else char.title())
            in_word = True
        else:
            pieces.append(char)
            in_word = in_word and (middle or char.isalnum() or char == "_")
        after_middle = middle
    return "".join(pieces)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _LARGEST_PATTERN_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        shown = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise FunctionError(f"error parsing regexp: {shown}") from error


def match(pattern: str, text: str) -> bool:
    """Tell whether the regular expression matches anywhere in the text."""
    return _compile(pattern).search(text) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """The text with every match replaced; `$1` and `${name}` in the replacement are groups, `$$` a dollar."""
    compiled = _compile(pattern)
    groups: dict[str, int] = dict(compiled.groupindex)
    pieces: list[str] = []
    size = last = 0
    for found in compiled.finditer(text):
        start, end = found.span()
        piece = text[last:start]
        # Not for an empty match right behind another match.
        if end > last or start == 0:
            piece += _expand(replacement, found, groups)
        last = end
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_TEXT:
            raise FunctionError(f"a text of more than {LARGEST_TEXT} characters")
    return "".join(pieces) + text[last:]


def _expand(replacement: str, found: Any, groups: dict[str, int]) -> str:
    if "$" not in replacement:
        return replacement

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        number = int(name) if name.isdecimal() and len(name) < 5 else groups.get(name, -1)
        return (found.group(number) or "") if 0 <= number <= found.re.groups else ""

    return _REFERENCE.sub(group, replacement)
