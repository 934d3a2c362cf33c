"""Regular expressions: RE2's, within bounds on what they cost."""

import re
from functools import lru_cache
from typing import Any, Final

import re2

from exporter.model.quoting import as_text, is_text
from exporter.model.regex_size import estimate_size

MOST_INSTRUCTIONS: Final = 30_000
"""The largest expression, in instructions of RE2; `.` has about 10, `\\pL` 1,000, and `{n}` repeats them."""

MOST_GROUPS: Final = 100
"""The most groups, where they are wanted: RE2 copies the places of all with each step."""

# An instruction may run for each character (some 20 ns): so many take 40 ms at worst, and nothing else runs
# meanwhile.
_MOST_STEPS: Final = 2_000_000
# What RE2 may remember of what it has matched, besides the program.
_LEAST_MEMORY: Final = 256 << 10
_INSTRUCTION_MEMORY: Final = 300
# All that are kept take a hundred megabytes at worst, and next to nothing as a rule.
_KEPT: Final = 512
_MOST_KEPT_INSTRUCTIONS: Final = 500


# One byte, which RE2 has and Go's regexp has not.
_ANY_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")


class InvalidRegexError(ValueError):
    """A regular expression that RE2 does not accept, or that is too large."""


class Regex:
    """A compiled expression, to be matched with whole texts.

    `groups` and `groupindex` are those of its groups, where they were asked for. It is not matched with texts
    of more than `most_characters`: that could hold everything up. `steps` is about what one character may
    take.
    """

    __slots__ = ("_fullmatch", "groupindex", "groups", "most_characters", "steps")

    def __init__(self, compiled: Any) -> None:
        self._fullmatch = compiled.fullmatch
        self.groups: int = compiled.groups
        self.groupindex: dict[str, int] = dict(compiled.groupindex)
        self.steps: int = compiled.programsize * (1 + self.groups)
        self.most_characters: int = _MOST_STEPS // self.steps

    def fullmatch(self, text: str) -> Any:
        """Return the match of the whole text, or None; None as well where the text is too long."""
        return self._fullmatch(text) if len(text) <= self.most_characters else None

    def matches(self, text: str) -> bool:
        """Whether the whole text matches; false where it is too long."""
        return len(text) <= self.most_characters and self._fullmatch(text) is not None


def compile_regex(pattern: str, dot_newline: bool = True, *, with_groups: bool = False) -> Regex:
    """Compile an expression for whole texts. Raises `InvalidRegexError` in the words of Go.

    Without groups it is matched many times as fast.
    """
    if _ANY_BYTE.search(pattern) is not None:
        raise InvalidRegexError("invalid escape sequence: `\\C`")
    if not is_text(pattern):
        raise InvalidRegexError(f"invalid UTF-8: `{as_text(pattern[:_MOST_SHOWN])}`")
    size = estimate_size(pattern, MOST_INSTRUCTIONS)
    if size > MOST_INSTRUCTIONS:
        raise InvalidRegexError(
            f"expression too large: about {size:,} instructions, at most {MOST_INSTRUCTIONS:,} are taken "
            r"(. counts as 10, \pL as 1,000, and {n} repeats)"
        )
    compile_ = _compile_kept if size <= _MOST_KEPT_INSTRUCTIONS else _compile
    return compile_(pattern, dot_newline, with_groups, size)


def _compile(pattern: str, dot_newline: bool, with_groups: bool, size: int) -> Regex:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = dot_newline
    options.never_capture = not with_groups
    options.max_mem = _LEAST_MEMORY + _INSTRUCTION_MEMORY * size
    try:
        # `re2.compile` would keep it.
        regex = Regex(re2._Regexp(pattern, options))
    except re2.error as error:
        text = error.args[0] if error.args else ""
        raise InvalidRegexError(_as_go(text.decode() if isinstance(text, bytes) else str(text))) from error
    if regex.groups > MOST_GROUPS:
        raise InvalidRegexError(f"{regex.groups:,} groups: at most {MOST_GROUPS} are taken")
    return regex


_compile_kept = lru_cache(maxsize=_KEPT)(_compile)


# Of an expression so much is repeated.
_MOST_SHOWN: Final = 1_000
# How Go's regexp words what RE2 says.
_GO_WORDS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "trailing \\": "trailing backslash at end of expression",
}


def _as_go(sentence: str) -> str:
    reason, colon, part = sentence[:_MOST_SHOWN].partition(": ")
    return f"{_GO_WORDS.get(reason, reason)}: `{part}`" if colon or reason in _GO_WORDS else sentence


# Text in which nothing has a meaning, or has lost it.
_LITERAL: Final = re.compile(r"(?:[^\\.+*?()|\[\]{}^$]|\\[^\w\s])*", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def literal_values(pattern: str) -> frozenset[str] | None:
    """Return the values of `a|b|c` and `(a|b|c)`, None for every other expression.

    Dashboards write these, with a thousand servers.
    """
    if not is_text(pattern):
        return None
    if pattern.startswith("(") and pattern.endswith(")"):
        pattern = pattern[1:-1].removeprefix("?:")
    values: list[str] = []
    place = -1
    while place < len(pattern):
        match = _LITERAL.match(pattern, place + 1)
        if match is None or pattern[match.end() : match.end() + 1] not in ("|", ""):
            return None
        values.append(_ESCAPE.sub(r"\1", match[0]))
        place = match.end()
    return frozenset(values)
