"""Selectors of the series that rules read: saved over restarts, and the last to be evicted."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp


@dataclass(frozen=True, slots=True)
class RequiredSelector:
    """The matchers of a selector in a rule, and how far back it reads in milliseconds."""

    matchers: tuple[Matcher, ...]
    range_ms: int


class RequiredSelectors:
    """All selectors of the rules, found by metric name."""

    def __init__(self, selectors: Iterable[RequiredSelector] = ()) -> None:
        # The longest range first; without the matcher of the metric name, which is the key here.
        self._by_name: dict[str, list[RequiredSelector]] = {}
        for selector in sorted(selectors, key=lambda one: -one.range_ms):
            name = metric_name(selector.matchers)
            fixing = next((one for one in selector.matchers if name and _fixes_name(one)), None)
            others = tuple([one for one in selector.matchers if one is not fixing])
            self._by_name.setdefault(name, []).append(RequiredSelector(others, selector.range_ms))

    @property
    def names(self) -> Set[str | None]:
        """The metric names that are read; None among them: maybe any."""
        return {name or None for name in self._by_name}

    def range_ms(self, labels: Labels) -> int:
        """How far back a series is read, in milliseconds; 0: not at all."""
        return max(_range_ms(self._by_name.get(name, ()), labels) for name in (labels.name, ""))

    @property
    def longest_ms(self) -> int:
        """The longest range of all selectors, in milliseconds; 0 without any."""
        return max((one.range_ms for found in self._by_name.values() for one in found), default=0)


def metric_name(matchers: Sequence[Matcher]) -> str:
    """Return the metric name that a selector fixes; empty where it fixes none."""
    for matcher in matchers:
        if _fixes_name(matcher):
            return matcher.value
    return ""


def _fixes_name(matcher: Matcher) -> bool:
    return matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL


def _range_ms(selectors: Iterable[RequiredSelector], labels: Labels) -> int:
    """The range of the first selector that a series satisfies, which is the longest."""
    for selector in selectors:
        if not selector.matchers or _matches(selector, labels):
            return selector.range_ms
    return 0


def _matches(selector: RequiredSelector, labels: Labels) -> bool:
    return all(matcher.matches_value(labels.get(matcher.name)) for matcher in selector.matchers)
