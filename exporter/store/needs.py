"""Which series are needed, and how far back: what outlives a restart, and what memory is kept for longest."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp


@dataclass(frozen=True, slots=True)
class Need:
    """Somebody reads the series that satisfy all matchers, as far back as `reach_ms` milliseconds."""

    matchers: tuple[Matcher, ...]
    reach_ms: int


class Needs:
    """All needs, found by metric name."""

    def __init__(self, needs: Iterable[Need] = ()) -> None:
        self._by_name: dict[str, list[Need]] = {}
        for need in needs:
            self._by_name.setdefault(metric_name(need.matchers), []).append(need)

    @property
    def names(self) -> Set[str | None]:
        """The metric names that are read; None among them: maybe any."""
        return {name or None for name in self._by_name}

    def reach_ms(self, labels: Labels) -> int:
        """How far back a series is read; 0: not at all."""
        candidates = (*self._by_name.get(labels.name, ()), *self._by_name.get("", ()))
        return max((need.reach_ms for need in candidates if _matches(need, labels)), default=0)

    @property
    def longest_ms(self) -> int:
        """The longest of all reaches; 0 without any need."""
        return max((need.reach_ms for group in self._by_name.values() for need in group), default=0)


def metric_name(matchers: Sequence[Matcher]) -> str:
    """The metric name that a selector fixes; empty where it fixes none."""
    for matcher in matchers:
        if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL:
            return matcher.value
    return ""


def _matches(need: Need, labels: Labels) -> bool:
    return all(matcher.matches_value(labels.get(matcher.name)) for matcher in need.matchers)
