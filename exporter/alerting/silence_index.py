"""An index of silences: finds those that match an alert without asking each of them.

Thousands of silences are mostly about one server or one alert each. A silence stands under a value that its
alerts must have, where it has a matcher of that kind; else its first matcher is asked once for each value
that alerts have, not once for each alert.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp

_MOST_VALUES: Final = 10_000
# So many new conditions are asked one by one rather than looked for.
_FEW: Final = 8
_SPARE: Final = 1_000

# Where a regular expression begins to be more than text.
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")

Matchers = tuple[Matcher, ...]


class Matching:
    """The silences that match some alerts, which share it; `active` are those at the time `epoch`."""

    __slots__ = ("active", "conditions", "epoch")

    def __init__(self, conditions: tuple[int, ...]) -> None:
        self.conditions = conditions
        self.active: tuple[str, ...] = ()
        self.epoch = -1


class _ByValue:
    """The conditions that are found by one label, by the matcher that is asked for its value."""

    def __init__(self) -> None:
        # By the text that values must begin with: most are names of servers with something behind.
        self._known: dict[str, dict[Matcher, list[int]]] = {}
        self._lengths: set[int] = set()
        self._fitting: dict[str, Sequence[int]] = {}

    def count(self, matcher: Matcher) -> int:
        return len(self._known.get(_beginning(matcher), {}).get(matcher, ()))

    def add(self, matcher: Matcher, number: int) -> None:
        beginning = _beginning(matcher)
        self._lengths.add(len(beginning))
        self._known.setdefault(beginning, {}).setdefault(matcher, []).append(number)
        self._fitting.clear()

    def fitting(self, value: str) -> Sequence[int]:
        found = self._fitting.get(value)
        if found is None:
            if len(self._fitting) >= _MOST_VALUES:
                self._fitting.clear()
            found = self._fitting[value] = list(self._find(value))
        return found

    def _find(self, value: str) -> Iterator[int]:
        for length in self._lengths:
            if length <= len(value):
                for matcher, numbers in self._known.get(value[:length], {}).items():
                    if matcher.matches_value(value):
                        yield from numbers


def _beginning(matcher: Matcher) -> str:
    """The text that each value begins with that a matcher accepts, as far as that is plain to see."""
    if matcher.op is not MatchOp.REGEX or "|" in matcher.value:
        return ""
    plain = _SPECIAL.split(matcher.value, maxsplit=1)[0]
    # What stands before one of these may be missing in the value.
    is_optional = matcher.value[len(plain) :][:1] in ("?", "*", "{")
    return plain[:-1] if is_optional else plain


class SilenceIndex:
    """Conditions, each a set of matchers with the ids of the silences that have it, the oldest first."""

    def __init__(self) -> None:
        self.ids: list[list[str]] = []
        self._empty = 0
        self._conditions: list[Matchers] = []
        self._numbers: dict[Matchers, int] = {}
        self._by_equal: dict[str, dict[str, list[int]]] = {}
        self._by_value: dict[str, _ByValue] = {}
        self._matchings: dict[tuple[int, ...], Matching] = {}
        # Per alert: how many conditions were looked at, and those that it fits.
        self._of_alerts: dict[Labels, tuple[int, Matching]] = {}

    def add(self, silence_id: str, matchers: Matchers) -> None:
        """Add a silence."""
        condition = tuple(sorted(matchers))
        number = self._numbers.get(condition)
        if number is None:
            number = self._numbers[condition] = len(self._conditions)
            self._conditions.append(condition)
            self.ids.append([])
            self._place(condition, number)
        elif not self.ids[number]:
            self._empty -= 1
        self.ids[number].append(silence_id)

    def remove(self, silence_id: str, matchers: Matchers) -> None:
        """Remove a silence; its condition stays, so that what is remembered of alerts holds."""
        ids = self.ids[self._numbers[tuple(sorted(matchers))]]
        ids.remove(silence_id)
        self._empty += not ids

    @property
    def is_worn(self) -> bool:
        """Whether most conditions have no silence any more: another index would be smaller."""
        return self._empty > len(self.ids) // 2 + _SPARE

    def matching(self, labels: Labels) -> Matching:
        """The conditions that an alert fits; matchers never change, so that it is remembered."""
        count = len(self._conditions)
        seen, known = self._of_alerts.get(labels, (0, None))
        if known is not None and seen == count:
            return known
        if known is not None and count - seen <= _FEW:
            found = [*known.conditions, *self._fitting(range(seen, count), labels)]
        else:
            found = sorted(self._candidates(labels))
        made = self._shared(tuple(found))
        self._of_alerts[labels] = (count, made)
        return made

    def _shared(self, conditions: tuple[int, ...]) -> Matching:
        if len(self._matchings) > 2 * len(self._of_alerts) + _SPARE:
            self._matchings = {one.conditions: one for _, one in self._of_alerts.values()}
        return self._matchings.setdefault(conditions, Matching(conditions))

    def forget(self, labels: Labels) -> None:
        """Drop what is remembered of an alert."""
        self._of_alerts.pop(labels, None)

    def _place(self, condition: Matchers, number: int) -> None:
        equal = [one for one in condition if one.op is MatchOp.EQUAL and one.value]
        if equal:
            # Where the fewest are: many silences of one alert name differ in the server.
            one = min(equal, key=lambda one: len(self._by_equal.get(one.name, {}).get(one.value, ())))
            self._by_equal.setdefault(one.name, {}).setdefault(one.value, []).append(number)
        elif condition:
            one = min(condition, key=self._breadth)
            self._by_value.setdefault(one.name, _ByValue()).add(one, number)

    def _breadth(self, matcher: Matcher) -> tuple[bool, int]:
        """How little is gained by looking for a condition by this matcher; `!=` and `!~` fit nearly all."""
        known = self._by_value.get(matcher.name)
        return matcher.op is not MatchOp.REGEX, known.count(matcher) if known is not None else 0

    def _candidates(self, labels: Labels) -> Iterator[int]:
        for name, by_value in self._by_equal.items():
            yield from self._fitting(by_value.get(labels.get(name), ()), labels)
        for name, fitting in self._by_value.items():
            yield from self._fitting(fitting.fitting(labels.get(name)), labels)

    def _fitting(self, numbers: Sequence[int], labels: Labels) -> Iterator[int]:
        conditions = self._conditions
        return (number for number in numbers if all(one.matches(labels) for one in conditions[number]))
