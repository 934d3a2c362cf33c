"""Redis' patterns for names of keys, matched here as the server does: byte by byte.

Source: `stringmatchlen` of Redis' src/util.c.
"""

import re
from typing import Final

from exporter.model.regex import compile_regex

_TOKEN: Final = re.compile(
    r"(?P<any>\*)|(?P<one>\?)|\[(?P<negated>\^?)(?P<members>(?:\\.|[^\]\\]-.|[^\]])*)\]?"
    r"|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)
_MEMBER: Final = re.compile(r"\\(?P<escaped>.)|(?P<first>.)-(?P<last>.)|(?P<plain>.)", re.DOTALL)
_SPECIAL: Final = re.compile(r"[?*\[\]^\\]")
_NOTHING: Final = r"[^\x{0}-\x{10FFFF}]"


def matches_key(pattern: str, name: str) -> bool:
    """Whether a key has a name that the pattern means; takes time in proportion to the name's length."""
    expression = "".join(_translated(token) for token in _TOKEN.finditer(_bytes_of(pattern)))
    return compile_regex(expression).matches(_bytes_of(name))


def includes_pattern(pattern: str, other: str) -> bool:
    """Whether everything that the other pattern means is surely meant by this one too.

    That is known where they are the same, and where this one is a beginning and `*`.
    """
    beginning = pattern.removesuffix("*")
    is_beginning = beginning != pattern and not _SPECIAL.search(beginning)
    return pattern == other or (is_beginning and other.startswith(beginning))


def _bytes_of(text: str) -> str:
    """A character for each byte of the name."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _translated(token: re.Match[str]) -> str:
    if token["any"]:
        return ".*"
    if token["one"]:
        return "."
    if (members := token["members"]) is None:
        return _literal(token["escaped"] or token["plain"])
    inside = "".join(_member(member) for member in _MEMBER.finditer(members))
    if not inside:
        return "." if token["negated"] else _NOTHING
    return f"[{token['negated']}{inside}]"


def _member(member: re.Match[str]) -> str:
    if member["first"] is None:
        return _literal(member["escaped"] or member["plain"])
    first, last = sorted((member["first"], member["last"]))
    return f"{_literal(first)}-{_literal(last)}"


def _literal(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"
