"""The data of a script, in a store."""

from collections.abc import Iterator
from functools import cached_property

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Store
from tests.promql.promqltest.notation import Mark, SeriesDescription
from tests.promql.promqltest.script import Load

_CENTURY_MS = 100 * 365 * 86_400_000
_HISTOGRAM_SUFFIXES = ("_bucket", "_count", "_sum")


class World:
    """A store, and the names of what could not be put there: native histograms, start timestamps, samples
    of a kind that the reader does not know."""

    def __init__(self) -> None:
        self.store = Store(retention_ms=_CENTURY_MS)
        self.histograms: set[Labels] = set()
        self.start_times: set[Labels] = set()
        self.unknown: set[Labels] = set()
        self._layouts: dict[Labels, Layout] = {}

    def load(self, load: Load) -> None:
        """Add series, each as a source of its own; of series given twice the latter counts."""
        for described in {one.labels: one for one in load.series}.values():
            self._append(described, load.step_ms)
            if load.with_histograms:
                self.histograms.update(_native_twins(described.labels))
        self.unknown.update(load.unknown)
        everything = Labels() in load.start_times
        self.start_times.update(load.start_times)
        self.start_times.update(one.labels for one in load.series if everything)

    def matches_histogram(self, matchers: tuple[Matcher, ...]) -> bool:
        """Whether these matchers select native histograms."""
        return _matches_any(matchers, self.histograms)

    def matches_start_times(self, matchers: tuple[Matcher, ...]) -> bool:
        """Whether these matchers select series with start timestamps."""
        return _matches_any(matchers, self.start_times)

    def matches_unknown(self, matchers: tuple[Matcher, ...]) -> bool:
        """Whether these matchers select samples of a kind that the reader does not know."""
        return _matches_any(matchers, self.unknown)

    def _append(self, described: SeriesDescription, step_ms: int) -> None:
        layout = self._layout(described.labels)
        for index, point in enumerate(described.points):
            if point is Mark.HISTOGRAM:
                self.histograms.add(described.labels)
            if point is not Mark.OMITTED:
                # A native histogram hides the number before it, as the end of the series does.
                value = None if isinstance(point, Mark) else point
                self.store.append(Sample(str(described.labels), index * step_ms, layout, [value]))

    def _layout(self, labels: Labels) -> Layout:
        layout = self._layouts.get(labels)
        if layout is None:
            family = Family(labels.name, Kind.UNTYPED, "")
            layout = self._layouts[labels] = Layout([Point(family, "", labels.without(METRIC_NAME))])
        return layout


class Data:
    """The loads of a script up to some line; they are put into a store when it is asked for."""

    def __init__(self, loads: tuple[Load, ...] = ()) -> None:
        self.loads = loads

    @cached_property
    def world(self) -> World:
        """The store with that data."""
        world = World()
        for load in self.loads:
            world.load(load)
        return world


def _native_twins(labels: Labels) -> Iterator[Labels]:
    """The native histogram that `load_with_nhcb` makes of a series of a classic one."""
    for suffix in _HISTOGRAM_SUFFIXES:
        if labels.name.endswith(suffix):
            yield labels.without("le").with_({METRIC_NAME: labels.name.removesuffix(suffix)})


def _matches_any(matchers: tuple[Matcher, ...], series: set[Labels]) -> bool:
    return any(all(matcher.matches(labels) for matcher in matchers) for labels in series)
