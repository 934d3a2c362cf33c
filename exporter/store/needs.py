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
        # The longest reach first; without the matcher of the name, by which they are found.
        self._by_name: dict[str, list[Need]] = {}
        for need in sorted(needs, key=lambda need: -need.reach_ms):
            name = metric_name(need.matchers)
            fixing = next((one for one in need.matchers if name and _fixes_name(one)), None)
            others = tuple([one for one in need.matchers if one is not fixing])
            self._by_name.setdefault(name, []).append(Need(others, need.reach_ms))

    @property
    def names(self) -> Set[str | None]:
        """The metric names that are read; None among them: maybe any."""
        return {name or None for name in self._by_name}

    def reach_ms(self, labels: Labels) -> int:
        """How far back a series is read; 0: not at all."""
        return max(_reach_ms(self._by_name.get(name, ()), labels) for name in (labels.name, ""))

    @property
    def longest_ms(self) -> int:
        """The longest of all reaches; 0 without any need."""
        return max((need.reach_ms for group in self._by_name.values() for need in group), default=0)


def metric_name(matchers: Sequence[Matcher]) -> str:
    """The metric name that a selector fixes; empty where it fixes none."""
    for matcher in matchers:
        if _fixes_name(matcher):
            return matcher.value
    return ""


def _fixes_name(matcher: Matcher) -> bool:
    return matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL


def _reach_ms(needs: Iterable[Need], labels: Labels) -> int:
    """That of the first need that a series satisfies, the longest."""
    for need in needs:
        if not need.matchers or _matches(need, labels):
            return need.reach_ms
    return 0


def _matches(need: Need, labels: Labels) -> bool:
    return all(matcher.matches_value(labels.get(matcher.name)) for matcher in need.matchers)
