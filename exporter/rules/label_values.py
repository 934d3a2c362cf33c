"""Label values, where they are known beforehand, tell whether a selector can match anything."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher
from exporter.promql import VectorSelector

_ALERTS: Final = ("ALERTS", "ALERTS_FOR_STATE")
_ALERT_NAME: Final = "alertname"
_ALERT_STATES: Final = {"alertstate": frozenset({"pending", "firing"})}
# More are not listed in one line.
_MAX_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class LabelValues:
    """The values that labels can have, as far as that is known.

    `by_metric`: of a metric's own labels. `of_targets`: of the labels that the configuration gives to
    targets. `alerts`: the names of all alerts; empty where there may be others.
    """

    by_metric: Mapping[str, Mapping[str, Collection[str]]] = field(default_factory=dict)
    of_targets: Mapping[str, Collection[str]] = field(default_factory=dict)
    alerts: Collection[str] = ()

    def impossible(self, selector: VectorSelector) -> Iterator[tuple[Matcher, str]]:
        """The matchers of a selector that no series can meet, with what is to be said of each."""
        for matcher in selector.matchers:
            values = self._values(selector.name, matcher.name)
            if values and matcher.name != METRIC_NAME and not _can_match(matcher, values):
                message = f'no series of "{selector.name}" has {matcher}: {_describe(matcher, values)}'
                yield matcher, message

    def _values(self, metric: str, label: str) -> Collection[str]:
        if metric in _ALERTS:
            return self.alerts if label == _ALERT_NAME else _ALERT_STATES.get(label, ())
        own = self.by_metric.get(metric)
        if own is None:
            return ()
        return own.get(label) or self.of_targets.get(label, ())


def _can_match(matcher: Matcher, values: Iterable[str]) -> bool:
    """Tell whether a series may meet a matcher whose label has one of these values, or is missing."""
    return matcher.matches_empty or any(matcher.matches_value(value) for value in values)


def _describe(matcher: Matcher, values: Collection[str]) -> str:
    """Say what would match."""
    ordered = sorted(values)
    near = get_close_matches(matcher.value, ordered, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    listed = ", ".join(ordered[:_MAX_LISTED])
    more = len(ordered) - _MAX_LISTED
    return f"{matcher.name} is {listed}" + (f" or one of {more} more" if more > 0 else "")
