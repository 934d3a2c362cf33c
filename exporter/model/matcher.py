"""Label matchers, as selectors, routes, silences and inhibition rules use them."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Protocol

import re2

from exporter.model.quoting import as_text, is_text


class MatchOp(StrEnum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class LabelSource(Protocol):
    """A mapping that a matcher reads: `Labels`, or a dictionary."""

    def get(self, name: str, default: str = "", /) -> str:
        """Return the value of a label, or the default."""
        ...


class InvalidRegexError(ValueError):
    """A regular expression that RE2 does not accept."""


class Matcher:
    """One condition on one label; a missing label counts as the empty string.

    Regular expressions are RE2's (linear time), anchored at both ends. With `dot_newline` the dot also
    matches a line break, as in PromQL of Prometheus 3; Alertmanager's do not.

    Raises `InvalidRegexError`.
    """

    __slots__ = ("_hash", "_test", "dot_newline", "name", "op", "value")

    def __init__(self, name: str, op: MatchOp, value: str, *, dot_newline: bool = True) -> None:
        self.name = name
        self.op = op
        self.value = value
        self.dot_newline = dot_newline
        self._test = _predicate(op, value, dot_newline)
        self._hash = hash(self._key())

    def matches_value(self, value: str) -> bool:
        """Whether a label of this value (empty: missing) satisfies the matcher."""
        return self._test(value)

    def matches(self, labels: LabelSource | Mapping[str, str]) -> bool:
        """Whether a label set satisfies the matcher."""
        return self._test(labels.get(self.name, ""))

    @property
    def matches_empty(self) -> bool:
        """Whether the matcher accepts a label set that lacks the label."""
        return self._test("")

    def _key(self) -> tuple[str, MatchOp, str, bool]:
        return (self.name, self.op, self.value, self.dot_newline)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and self._key() == other._key()

    def __lt__(self, other: "Matcher") -> bool:
        return self._key() < other._key()

    def __repr__(self) -> str:
        return f"Matcher({self})"

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        return f'{self.name}{self.op}"{escaped}"'


def _predicate(op: MatchOp, expected: str, dot_newline: bool) -> Callable[[str], bool]:
    if op is MatchOp.EQUAL:
        return lambda value: value == expected
    if op is MatchOp.NOT_EQUAL:
        return lambda value: value != expected
    fullmatch = compile_anchored(expected, dot_newline).fullmatch
    if op is MatchOp.REGEX:
        return lambda value: fullmatch(value) is not None
    return lambda value: fullmatch(value) is None


# One byte, which RE2 has and Go's regexp has not.
_ANY_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")


@lru_cache(maxsize=4096)
def compile_anchored(pattern: str, dot_newline: bool = True) -> Any:
    """RE2's compiled pattern, for `fullmatch`.

    Raises `InvalidRegexError` in the words of Go.
    """
    if _ANY_BYTE.search(pattern) is not None:
        raise InvalidRegexError("invalid escape sequence: `\\C`")
    if not is_text(pattern):
        raise InvalidRegexError(f"invalid UTF-8: `{as_text(pattern)}`")
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = dot_newline
    options.max_mem = 16 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        text = error.args[0] if error.args else ""
        raise InvalidRegexError(_as_go(text.decode() if isinstance(text, bytes) else str(text))) from error


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
    reason, colon, part = sentence.partition(": ")
    return f"{_GO_WORDS.get(reason, reason)}: `{part}`" if colon or reason in _GO_WORDS else sentence
