"""Conditions on labels: matchers that all have to be true, as people write them, and what is left of several.

Of a list of conditions the first counts that is true. So each but the first holds only where those before it
do not: `remaining` says for which labels that is, in a form that queries can be made of.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import InvalidRegexError, LabelSource, Matcher, MatchOp
from exporter.model.quoting import InvalidEscapeError, unescape

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_MATCHER: Final = re.compile(
    rf"\s*({_NAME})\s*(=~|!=|!~|=)\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*(,|$)", re.DOTALL
)
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_OPPOSITE: Final = {
    MatchOp.EQUAL: MatchOp.NOT_EQUAL,
    MatchOp.NOT_EQUAL: MatchOp.EQUAL,
    MatchOp.REGEX: MatchOp.NOT_REGEX,
    MatchOp.NOT_REGEX: MatchOp.REGEX,
}


class InvalidConditionError(ValueError):
    """A text that is no condition; the message is a sentence about it."""


@dataclass(frozen=True, slots=True)
class LabelCondition:
    """All of `matchers` are true, and of each of `exceptions` (several matchers) at least one is not."""

    matchers: tuple[Matcher, ...] = ()
    exceptions: tuple[tuple[Matcher, ...], ...] = ()

    def matches(self, labels: LabelSource | Mapping[str, str]) -> bool:
        """Whether labels satisfy it; one that is missing counts as empty."""
        return all(matcher.matches(labels) for matcher in self.matchers) and not any(
            all(matcher.matches(labels) for matcher in one) for one in self.exceptions
        )

    def __bool__(self) -> bool:
        return bool(self.matchers or self.exceptions)

    def __str__(self) -> str:
        parts = [_format(self.matchers)] if self.matchers else []
        return " ".join([*parts, *(f"without {{{_format(one)}}}" for one in self.exceptions)])


EVERYTHING: Final = LabelCondition()
"""The condition that is true for all labels."""


def parse_condition(text: str) -> tuple[Matcher, ...]:
    """The matchers of a text such as `env="prod", instance=~"cache-.*"`, in braces or without.

    Raises `InvalidConditionError`.
    """
    stripped = text.strip()
    inner = stripped[1:-1] if stripped.startswith("{") and stripped.endswith("}") else stripped
    found, at = [], 0
    while inner[at:].strip():
        match = _MATCHER.match(inner, at)
        if match is None:
            raise InvalidConditionError(
                f'"{text}" is not a condition on labels: write matchers as in PromQL, such as env="prod" or '
                'instance=~"cache-.*"'
            )
        found.append(_matcher(match[1], MatchOp(match[2]), match[3]))
        at = match.end()
    if not found:
        raise InvalidConditionError('must have a matcher such as env="prod"')
    return tuple(found)


def value_matcher(name: str, values: Sequence[str]) -> Matcher:
    """The matcher of a label that has one of these values; raises `InvalidConditionError` for a bad name."""
    if not re.fullmatch(_NAME, name) or name == METRIC_NAME:
        raise InvalidConditionError(f'"{name}" is not the name of a label')
    if len(values) == 1:
        return Matcher(name, MatchOp.EQUAL, values[0])
    return Matcher(name, MatchOp.REGEX, "|".join(map(quote_pattern, values)))


def quote_pattern(text: str) -> str:
    """The regular expression for exactly this text, as `regexp.QuoteMeta` of Go."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def remaining(conditions: Iterable[tuple[Matcher, ...]]) -> list[LabelCondition | None]:
    """For each of these where it is the first that is true, None: nowhere.

    At the end where none of them is.
    """
    before: list[tuple[Matcher, ...]] = []
    found = []
    for condition in (*conditions, ()):
        found.append(_without(condition, before))
        if _simplified(condition) is not None:
            before.append(condition)
    return found


def _without(condition: tuple[Matcher, ...], before: Sequence[tuple[Matcher, ...]]) -> LabelCondition | None:
    matchers, exceptions = list(dict.fromkeys(condition)), list(before)
    is_new = True
    while is_new:
        is_new = False
        left: list[tuple[Matcher, ...]] = []
        for one in exceptions:
            rest = _open(one, matchers)
            if rest is None:
                continue
            if not rest:
                return None
            if len(rest) == 1:
                matchers.append(_negated(rest[0]))
                is_new = True
            else:
                left.append(rest)
        exceptions = left
    simple = _simplified(matchers)
    return None if simple is None else LabelCondition(simple, tuple(dict.fromkeys(exceptions)))


def _open(exception: Sequence[Matcher], matchers: Sequence[Matcher]) -> tuple[Matcher, ...] | None:
    """Those matchers of an exception that `matchers` do not decide.

    None where it can never be true beside them.
    """
    rest = []
    for one in exception:
        beside = [other for other in matchers if other.name == one.name]
        fixed = next((other.value for other in beside if other.op is MatchOp.EQUAL), None)
        if fixed is not None:
            if not one.matches_value(fixed):
                return None
        elif _negated(one) in beside or (
            one.op is MatchOp.EQUAL and not all(other.matches_value(one.value) for other in beside)
        ):
            return None
        elif one not in beside:
            rest.append(one)
    return tuple(rest)


def _simplified(matchers: Sequence[Matcher]) -> tuple[Matcher, ...] | None:
    """Matchers without those that another one implies; None where they exclude each other."""
    fixed = {one.name: one for one in matchers if one.op is MatchOp.EQUAL}
    if not all(one.matches_value(fixed[one.name].value) for one in matchers if one.name in fixed):
        return None
    return tuple(dict.fromkeys(one for one in matchers if fixed.get(one.name, one) == one))


def _negated(matcher: Matcher) -> Matcher:
    return Matcher(matcher.name, _OPPOSITE[matcher.op], matcher.value)


def _matcher(name: str, op: MatchOp, quoted: str) -> Matcher:
    if name == METRIC_NAME:
        raise InvalidConditionError("the name of the metric is nothing to choose by: name a label")
    try:
        return Matcher(name, op, unescape(quoted[1:-1], quoted[0]).decode())
    except (InvalidEscapeError, UnicodeDecodeError) as error:
        raise InvalidConditionError(f"{quoted} is not a text: {error}") from None
    except InvalidRegexError as error:
        raise InvalidConditionError(f"error parsing regexp: {error}") from None


def _format(matchers: Iterable[Matcher]) -> str:
    return ",".join(map(str, matchers))
