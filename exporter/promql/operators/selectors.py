"""Reads series from the store."""

from collections.abc import Iterator, Sequence

from exporter.model.labels import Labels
from exporter.promql.operators.base import Window
from exporter.promql.run import Run
from exporter.promql.source import ReadableSeries
from exporter.promql.syntax.nodes import VectorSelector
from exporter.promql.vector import Key, Presence, Vector


class _Selection:
    """The series of a selector, with keys that stay the same objects while the series do."""

    def __init__(self, node: VectorSelector) -> None:
        self._matchers = node.matchers
        self._series: Sequence[ReadableSeries] = ()
        self._keys: list[Key] = []

    def read(self, run: Run) -> tuple[Sequence[ReadableSeries], list[Key]]:
        """Series and keys, side by side."""
        series = run.select(self._matchers)
        if series is not self._series:
            run.remembered += len(series)
            self._keys = self._keys_of(series, run)
            self._series = series
        run.touch(len(series))
        return series, self._keys

    def _keys_of(self, series: Sequence[ReadableSeries], run: Run) -> list[Key]:
        known: dict[Labels, Key] = {}
        for keys in run.pieces(self._keys):
            known.update([(key.labels, key) for key in keys])
        return run.map(lambda one: known.get(one.labels) or Key(one.labels), series)


class SelectVector:
    """`name{…} @ … offset …`: the newest value of each series within the look-back."""

    def __init__(self, node: VectorSelector) -> None:
        self._node = node
        self._selection = _Selection(node)
        self._presence = Presence()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector at a time."""
        series, keys = self._selection.read(run)
        moment = run.moment(at, self._node.at, self._node.offset)
        lookback = run.lookback_ms
        found: list[float | None] = []
        for piece in run.read(series):
            found.extend([one.at(moment, lookback) for one in piece])
        vector = self._presence.vector(keys, found)
        run.hold(len(vector.values))
        return vector


class SelectTimestamps:
    """`timestamp(name{…})`: when those newest values were taken, in seconds."""

    def __init__(self, node: VectorSelector) -> None:
        self._node = node
        self._selection = _Selection(node)
        self._presence = Presence()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector at a time; names are still to be dropped."""
        series, keys = self._selection.read(run)
        moment = run.moment(at, self._node.at, self._node.offset)
        found: list[float | None] = []
        for piece in run.read(series):
            points = [one.point_at(moment, run.lookback_ms) for one in piece]
            found.extend([None if point is None else point[0] / 1000 for point in points])
        return self._presence.vector(keys, found)


class SelectWindows:
    """`name{…}[range] @ … offset …`; with `distinct` repeated values may be left out."""

    def __init__(self, node: VectorSelector, range_ms: int, *, distinct: bool = False) -> None:
        self._node = node
        self._range_ms = range_ms
        self._distinct = distinct
        self._selection = _Selection(node)

    def bounds(self, run: Run, at: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end = run.moment(at, self._node.at, self._node.offset)
        return end - self._range_ms, end

    def windows(self, run: Run, at: int) -> tuple[Sequence[Key], Iterator[Window]]:
        """The series, and in the same order their samples in that range."""
        series, keys = self._selection.read(run)
        return keys, self._samples(run, series, *self.bounds(run, at))

    def _samples(self, run: Run, series: Sequence[ReadableSeries], start: int, end: int) -> Iterator[Window]:
        touch, bound, distinct = run.touch, run.bound, self._distinct
        for each in series:
            one = bound(each)
            window = one.distinct(start, end) if distinct else one.window(start, end)
            touch(len(window[0]))
            yield window
