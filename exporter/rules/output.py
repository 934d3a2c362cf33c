"""The output of a rule: the series that it writes into the store."""

from collections.abc import Mapping
from typing import Protocol

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.time_slice import TimeSlice

# Before the names of all sources that rules write as: tells their samples from those of samplers.
SOURCE_PREFIX = "rule:"


class SampleStore(Protocol):
    """The part of the store that rules write to."""

    def append(self, sample: Sample) -> None:
        """Store the samples of a source at one time."""
        ...

    def mark_stale(self, source: str, timestamp_ms: int) -> None:
        """Mark all series of a source stale."""
        ...


class Output:
    """The series of one rule, under one source of the store.

    A series that is missing from one `write` to the next ends there: the store ends whatever the newest
    layout of a source lacks.
    """

    def __init__(self, source: str) -> None:
        self.source = SOURCE_PREFIX + source
        self._families: dict[str, Family] = {}
        self._points: dict[Labels, Point] = {}
        self._keys: tuple[Labels, ...] = ()
        self._layout = Layout(())
        self._is_new = True

    def __len__(self) -> int:
        return len(self._layout)

    async def write(self, store: SampleStore, values: Mapping[Labels, float], at_ms: int) -> None:
        """Append these values, by series with `__name__`.

        Yields to the event loop before that where many series are new.
        """
        keys = tuple(values)
        is_new, self._is_new = self._is_new, False
        if not keys and not self._keys:
            if is_new:
                # The series of before a restart have ended meanwhile.
                store.mark_stale(self.source, at_ms)
            return
        if keys != self._keys:
            self._keys = keys
            self._layout = await self._layout_of(keys)
        store.append(Sample(self.source, at_ms, self._layout, list(values.values())))

    def mark_stale(self, store: SampleStore, at_ms: int) -> None:
        """Mark all series stale."""
        self._keys = ()
        self._points = {}
        self._layout = Layout(())
        store.mark_stale(self.source, at_ms)

    async def _layout_of(self, keys: tuple[Labels, ...]) -> Layout:
        known, time_slice = self._points, TimeSlice()
        points: dict[Labels, Point] = {}
        for series in keys:
            point = known.get(series)
            if point is None:
                point = self._point(series)
                await time_slice.yield_control()
            points[series] = point
        self._points = points
        return Layout(list(points.values()))

    def _point(self, series: Labels) -> Point:
        name = series.name
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = Family(name, Kind.UNTYPED, "Written by a rule.")
        return Point(family, "", series.without(METRIC_NAME))
