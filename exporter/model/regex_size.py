r"""Sizes of regular expressions, estimated before RE2 sees them.

RE2 matches in linear time, but compiles in seconds what a few thousand characters can ask for, and nothing
else runs meanwhile: `\pL` stands for six hundred ranges, and `{1000}` repeats what is before it.
Syntax: https://github.com/google/re2/wiki/Syntax.
"""

import re
from typing import Final

_CLASS: Final = r"\\[pP](?:\{[^}]*\}|.)"
_TOKEN: Final = re.compile(
    rf"""
    \\Q(?P<quoted>.*?)(?:\\E|\Z)
    | (?P<unicode>{_CLASS})
    | (?P<wide>\\[DSW]|\.)
    | (?P<set>\[\^?\]?(?:\[:\^?\w+:\]|{_CLASS}|\\.|[^\]\\])*\])
    | \{{(?P<low>\d+)(?:(?P<comma>,)(?P<high>\d*))?\}}
    | (?P<open>\((?:\?(?:P?<\w+>|[-imsU]*:)?)?)
    | (?P<close>\))
    | (?P<optional>[*+?])
    | (?P<one>\\.|[\[{{|^$\\])
    | (?P<plain>[^\\.\[{{()*+?|^$]+)
    """,
    re.DOTALL | re.VERBOSE,
)
# Instructions of RE2 for one of the kind, as they were counted.
_UNICODE: Final = 1_000
_WIDE: Final = 10
# What may be left out makes compiling quadratic: three thousand of them take 30 ms.
_OPTIONAL: Final = 10
# RE2 refuses more than so many.
_MOST_REPEATS: Final = 1_000
_MOST_DEPTH: Final = 1_000


def estimate_size(pattern: str, most: int) -> int:
    """Return about how many instructions a pattern takes; more than `most` where it is surely more."""
    outer: list[int] = []
    total = last = 0
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        if kind == "open":
            outer.append(total)
            total = last = 0
        elif kind == "close":
            last = total + 2
            total = last + (outer.pop() if outer else 0)
        elif token["low"] is not None:
            least, repeats = _repeats(token)
            grown = last * (repeats - 1) + _OPTIONAL * (repeats - least)
            total, last = total + grown, last + grown
        else:
            total += _size(token)
            last = 1 if kind == "plain" else _size(token)
        if total > most or len(outer) > _MOST_DEPTH:
            return most + 1
    return total + sum(outer)


def _repeats(token: re.Match[str]) -> tuple[int, int]:
    low = min(int(token["low"][:6]), _MOST_REPEATS)
    high = min(int((token["high"] or "0")[:6]), _MOST_REPEATS)
    return low, max(low + (token["comma"] is not None), high, 1)


def _size(token: re.Match[str]) -> int:
    text = token[0]
    match token.lastgroup:
        case "unicode":
            return _UNICODE
        case "wide":
            return _WIDE
        case "optional":
            return _OPTIONAL
        case "set":
            named = len(re.findall(_CLASS, text))
            inverted = text.startswith("[^") or any(mark in text for mark in (r"\D", r"\S", r"\W", ":^"))
            return named * _UNICODE + inverted * _WIDE + len(text.encode("utf-8", "replace")) - 1
        case _:
            return len(text.encode("utf-8", "replace"))
