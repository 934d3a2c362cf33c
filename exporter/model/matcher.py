"""Label matchers, as selectors, routes, silences and inhibition rules use them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, Protocol

from exporter.model.regex import InvalidRegexError, Regex, compile_regex, literal_values

__all__ = ["InvalidRegexError", "LabelSource", "MatchOp", "Matcher"]

_UNBOUNDED: Final = 1 << 62


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


class Matcher:
    """One condition on one label; a missing label counts as the empty string.

    Regular expressions are RE2's (linear time), anchored at both ends. With `dot_newline` the dot also
    matches a line break, as in PromQL of Prometheus 3; Alertmanager's do not. A value that is longer than
    `most_characters` satisfies neither an expression nor its contrary: it could hold everything up. `steps`
    is about what one character may take.

    Raises `InvalidRegexError`.
    """

    __slots__ = ("_hash", "_test", "dot_newline", "most_characters", "name", "op", "steps", "value")

    def __init__(self, name: str, op: MatchOp, value: str, *, dot_newline: bool = True) -> None:
        self.name = name
        self.op = op
        self.value = value
        self.dot_newline = dot_newline
        is_regex = op in (MatchOp.REGEX, MatchOp.NOT_REGEX) and literal_values(value) is None
        regex = compile_regex(value, dot_newline) if is_regex else None
        self.steps = 0 if regex is None else regex.steps
        self.most_characters = _UNBOUNDED if regex is None else regex.most_characters
        self._test = _predicate(op, value, regex)
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


def _predicate(op: MatchOp, expected: str, regex: Regex | None) -> Callable[[str], bool]:
    if op is MatchOp.EQUAL:
        return lambda value: value == expected
    if op is MatchOp.NOT_EQUAL:
        return lambda value: value != expected
    if regex is None:
        values = literal_values(expected) or frozenset()
        return values.__contains__ if op is MatchOp.REGEX else lambda value: value not in values
    if op is MatchOp.REGEX:
        return regex.matches
    fullmatch, most = regex.fullmatch, regex.most_characters
    return lambda value: len(value) <= most and fullmatch(value) is None
