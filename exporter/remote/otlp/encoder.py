"""Encodes snapshots as requests of a bounded size; in a thread, as it takes some µs per data point."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import DataPointFlags
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from exporter.log import get_logger
from exporter.remote.otlp.attributes import SCOPE
from exporter.remote.otlp.payload import Payload, Requests
from exporter.remote.otlp.snapshot import GroupSnapshot, ResourceSnapshot
from exporter.remote.otlp.starts import NANOSECONDS, SourceStreams
from exporter.remote.otlp.streams import Metric, Stream, streams_of

# Data points of one metric in a piece, which is the least that a request holds.
_PIECE: Final = 1000
_NO_VALUE: Final = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK

log = get_logger(__name__)


class _ResourcePart:
    """The metrics of one resource that go into a request, as far as there is room."""

    def __init__(self, resource: Resource, requests: Requests) -> None:
        self._resource = resource
        self._requests = requests
        self._begin()

    def _begin(self) -> None:
        self._request = ExportMetricsServiceRequest()
        part = self._request.resource_metrics.add(resource=self._resource)
        self._scope = part.scope_metrics.add(scope=SCOPE)
        self._size = self._items = 0

    def begin(self, metric: Metric, most_points: int) -> Any:
        """Begin a metric of so many data points at most; returns the list that they go into."""
        size = metric.head_bytes + most_points * metric.point_bytes
        if self._items and self._size + size > self._requests.most_bytes:
            self.close()
        encoded = self._scope.metrics.add()
        encoded.CopyFrom(metric.head)
        return getattr(encoded, metric.field).data_points

    def end(self, metric: Metric, points: int) -> None:
        """End it: it has so many data points."""
        if points:
            self._items += points
            self._size += metric.head_bytes + points * metric.point_bytes
        else:
            del self._scope.metrics[-1]

    def close(self) -> None:
        if self._items:
            self._requests.add(self._request.SerializeToString(), self._items)
            self._begin()


class MetricsEncoder:
    """Encodes one snapshot after the other, and remembers of each stream what start times need.

    `failures` counts the sources that could not be encoded, each time.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._sources: dict[str, SourceStreams] = {}
        self._resources: dict[str, Resource] = {}
        self._broken: set[str] = set()

    def encode(
        self,
        snapshots: Iterable[ResourceSnapshot],
        requests: Requests,
        now_ms: int,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> Sequence[Payload]:
        """Return requests with the newest values, each with the time of its row (milliseconds).

        What has no newer row than the last time still stands now. A series that has no value any more gets
        one point that says so. Takes its time: `is_stopped` ends it.
        """
        alive: set[str] = set()
        for snapshot in snapshots:
            if is_stopped():
                return ()
            part = _ResourcePart(snapshot.resource, requests)
            for group in snapshot.groups:
                alive.add(group.source)
                self._resources[group.source] = snapshot.resource
                self._try_group(group, now_ms, part)
            part.close()
        for source in self._sources.keys() - alive:
            self._end(source, requests)
        return requests.take()

    def _try_group(self, group: GroupSnapshot, now_ms: int, part: _ResourcePart) -> None:
        """Encode a group; a bug costs this one, and is told once for each."""
        try:
            self._encode_group(group, now_ms, part)
        except Exception:
            self.failures += 1
            if group.source not in self._broken:
                self._broken.add(group.source)
                log.exception("a source cannot be encoded for OTLP", source=group.source)

    def _encode_group(self, group: GroupSnapshot, now_ms: int, part: _ResourcePart) -> None:
        state = self._sources.get(group.source)
        if state is None:
            state = self._sources[group.source] = SourceStreams()
        if not group.values:
            return
        streams, time = streams_of(group.layout.schema), state.time_of(group, now_ms)
        for metric, gone in _by_metric(state.follow(streams, group)):
            _add_ends(metric, gone, time, part)
        for metric in streams.metrics:
            for first in range(0, len(metric.streams), _PIECE):
                _encode_metric(metric, first, group, time, state, part)
        state.version, state.time = group.version, time

    def _end(self, source: str, requests: Requests) -> None:
        """End all series of a source that is watched no more, at the time of its last row."""
        state = self._sources.pop(source)
        part = _ResourcePart(self._resources.pop(source), requests)
        for metric, gone in _by_metric(state.present):
            _add_ends(metric, gone, state.time + NANOSECONDS, part)
        part.close()


def _encode_metric(
    metric: Metric, first: int, group: GroupSnapshot, time: int, state: SourceStreams, part: _ResourcePart
) -> None:
    """Encode a piece of the streams of a metric, from the number `first` on."""
    end = min(first + _PIECE, len(metric.streams))
    points = part.begin(metric, end - first)
    values, begun, is_cumulative = group.values, group.begun, metric.is_cumulative
    for number in range(first, end):
        stream, slot = metric.streams[number], metric.slot + number
        value = values[stream.index]
        if value is None:
            if state.end(slot):
                _add_end(points, stream, time)
            continue
        point = points.add()
        point.CopyFrom(stream.point)
        point.time_unix_nano = time
        stream.fill(point, values)
        if is_cumulative:
            begun_ms = begun.get(stream.index)
            begun_at = None if begun_ms is None else begun_ms * NANOSECONDS
            point.start_time_unix_nano = state.start(slot, value, time, begun_at)
        else:
            state.begin(slot)
    part.end(metric, len(points))


def _add_ends(metric: Metric, streams: Sequence[Stream], time: int, part: _ResourcePart) -> None:
    points = part.begin(metric, len(streams))
    for stream in streams:
        _add_end(points, stream, time)
    part.end(metric, len(points))


def _add_end(points: Any, stream: Stream, time: int) -> None:
    """Say that a series has no value from now on, as Prometheus' stale marker does."""
    point = points.add()
    point.CopyFrom(stream.point)
    point.time_unix_nano = time
    point.flags = _NO_VALUE


def _by_metric(streams: Iterable[tuple[Metric, Stream]]) -> Iterator[tuple[Metric, list[Stream]]]:
    found: dict[Metric, list[Stream]] = {}
    for metric, stream in streams:
        found.setdefault(metric, []).append(stream)
    yield from found.items()
