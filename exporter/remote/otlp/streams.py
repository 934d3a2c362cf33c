"""Data points of a schema without their values: made once for all targets that have the same series.

A stream is what becomes one data point: a series, or all series of one histogram or summary.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final
from weakref import WeakKeyDictionary

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    HistogramDataPoint,
    NumberDataPoint,
    SummaryDataPoint,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric as OtlpMetric

from exporter.model.sample import Kind, Point, Schema
from exporter.remote.otlp.attributes import key_values
from exporter.remote.otlp.units import unit_of

Values = Sequence[float | None]

# Two times and a value, each with its tag, and what frames a message.
_NUMBER_BYTES: Final = 3 * 9 + 6
_QUANTILE_BYTES: Final = 20
_FRAME_BYTES: Final = 12

_INNER_LABELS: Final = {Kind.HISTOGRAM: "le", Kind.SUMMARY: "quantile"}
_ENDINGS: Final = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count"), Kind.SUMMARY: ("_sum", "_count")}


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One series. `index` is that of the value in the row by which resets and its absence are seen."""

    key: Point
    index: int
    point: Any

    @property
    def value_bytes(self) -> int:
        """About how many bytes the values and times of a data point take, and what frames it."""
        return _NUMBER_BYTES

    def fill(self, point: Any, values: Values) -> None:
        """Write the values into a data point."""
        point.as_double = values[self.index]


@dataclass(frozen=True, slots=True, eq=False)
class HistogramStream(Stream):
    """A histogram: `index` is that of its count, `buckets` are those of its cumulated counts."""

    sum_index: int | None
    buckets: Sequence[int]

    @property
    def value_bytes(self) -> int:
        """As of a stream."""
        return 2 * _NUMBER_BYTES + 8 * len(self.buckets)

    def fill(self, point: Any, values: Values) -> None:
        """Write count, sum and the count of each bucket, which OTLP has apart and not cumulated."""
        total = int(values[self.index] or 0)
        before = 0
        counts = point.bucket_counts
        for at in self.buckets:
            cumulated = min(max(int(values[at] or 0), before), total)
            counts.append(cumulated - before)
            before = cumulated
        counts.append(total - before)
        point.count = total
        if self.sum_index is not None and (value := values[self.sum_index]) is not None:
            point.sum = value


@dataclass(frozen=True, slots=True, eq=False)
class SummaryStream(Stream):
    """A summary: `index` is that of its count, `quantiles` are those of its values."""

    sum_index: int | None
    quantiles: Sequence[tuple[float, int]]

    @property
    def value_bytes(self) -> int:
        """As of a stream."""
        return 2 * _NUMBER_BYTES + _QUANTILE_BYTES * len(self.quantiles)

    def fill(self, point: Any, values: Values) -> None:
        """Write count, sum and quantiles."""
        point.count = int(values[self.index] or 0)
        if self.sum_index is not None:
            point.sum = values[self.sum_index] or 0.0
        for quantile, at in self.quantiles:
            if (value := values[at]) is not None:
                point.quantile_values.add(quantile=quantile, value=value)


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """The streams of one name. `slot` is the number of the first one among all of the schema.

    `field` is the member of OTLP's Metric that holds them: gauge, sum, histogram or summary. `head` is the
    message without data points; it takes so many bytes, and each point about so many at most.
    """

    field: str
    slot: int
    streams: Sequence[Stream]
    head: OtlpMetric
    head_bytes: int
    point_bytes: int

    @property
    def is_cumulative(self) -> bool:
        """Whether they count from a moment on."""
        return self.field != "gauge"


@dataclass(frozen=True, slots=True, eq=False)
class SchemaStreams:
    """All streams of a schema; `slots` are their numbers by the point that stands for them."""

    metrics: Sequence[Metric]
    slots: Mapping[Point, int]


_KNOWN: Final[WeakKeyDictionary[Schema, SchemaStreams]] = WeakKeyDictionary()


def streams_of(schema: Schema) -> SchemaStreams:
    """Return the streams of a schema."""
    found = _KNOWN.get(schema)
    if found is None:
        found = _KNOWN[schema] = _make(schema)
    return found


def _make(schema: Schema) -> SchemaStreams:
    by_name: dict[tuple[str, str], tuple[Point, list[Stream]]] = {}
    for one in _groups_of(schema.points):
        for name, member, stream in one.streams():
            by_name.setdefault((name, member), (stream.key, []))[1].append(stream)
    metrics: list[Metric] = []
    slots: dict[Point, int] = {}
    for (name, member), (point, streams) in by_name.items():
        first = len(slots)
        head = _head(name, point.family.help, member)
        point_bytes = max(stream.point.ByteSize() + stream.value_bytes for stream in streams)
        metrics.append(Metric(member, first, streams, head, head.ByteSize() + _FRAME_BYTES, point_bytes))
        slots.update((stream.key, first + number) for number, stream in enumerate(streams))
    return SchemaStreams(metrics, slots)


def _head(name: str, text: str, member: str) -> OtlpMetric:
    head = OtlpMetric(name=name, description=text, unit=unit_of(name))
    data = getattr(head, member)
    # A gauge has nothing else to tell that it is one.
    data.SetInParent()
    if member in ("sum", "histogram"):
        data.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    if member == "sum":
        data.is_monotonic = True
    return head


@dataclass(slots=True)
class _Group:
    """The series of one histogram or summary, or one series of another kind."""

    kind: Kind
    name: str
    own: tuple[tuple[str, str], ...]
    inner: list[tuple[float, int, Point]] = field(default_factory=list)
    by_ending: dict[str, tuple[int, Point]] = field(default_factory=dict)

    def streams(self) -> Iterable[tuple[str, str, Stream]]:
        """Yield the name, the member of OTLP's Metric, and the stream, of all there is to it."""
        count = self.by_ending.get("_count")
        total = self.by_ending.get("_sum")
        sum_index = total[0] if total else None
        if self.kind is Kind.HISTOGRAM and (count or self.inner):
            yield self.name, "histogram", self._histogram(count, sum_index)
        elif self.kind is Kind.SUMMARY and count and all(0 <= one[0] <= 1 for one in self.inner):
            ranks = [(rank, at) for rank, at, _ in sorted(self.inner, key=lambda one: one[0])]
            template = SummaryDataPoint(attributes=key_values(self.own))
            yield self.name, "summary", SummaryStream(count[1], count[0], template, sum_index, ranks)
        else:
            # Not a summary as OTLP has it, such as one with quantiles in percent: its series as they are.
            for _, at, point in self.inner:
                yield self.name, "gauge", _number(at, point)
            for ending, (at, point) in self.by_ending.items():
                yield self.name + ending, _member(self.kind), _number(at, point)

    def _histogram(self, count: tuple[int, Point] | None, sum_index: int | None) -> Stream:
        buckets = sorted(self.inner, key=lambda one: one[0])
        index, key = count or (buckets[-1][1], buckets[-1][2])
        finite = [one for one in buckets if one[0] != inf]
        point = HistogramDataPoint(
            attributes=key_values(self.own), explicit_bounds=[bound for bound, _, _ in finite]
        )
        return HistogramStream(key, index, point, sum_index, [at for _, at, _ in finite])


def _groups_of(points: Sequence[Point]) -> Iterable[_Group]:
    groups: dict[object, _Group] = {}
    for index, point in enumerate(points):
        family = point.family
        if not family.exposed:
            continue
        kind, name, inner = family.kind, family.name + point.suffix, _INNER_LABELS.get(family.kind, "")
        # The daemon's own families have the ending in their name.
        ending = next((end for end in _ENDINGS.get(kind, ()) if name.endswith(end)), "")
        name = name.removesuffix(ending)
        own = tuple([pair for pair in point.written.pairs if pair[0] != inner or not inner])
        group = groups.setdefault((name, own), _Group(kind, name, own))
        bound = point.written.get(inner) if inner else ""
        if bound:
            group.inner.append((float(bound), index, point))
        else:
            group.by_ending[ending] = index, point
    return groups.values()


def _number(index: int, point: Point) -> Stream:
    return Stream(point, index, NumberDataPoint(attributes=key_values(point.written.pairs)))


def _member(kind: Kind) -> str:
    return "sum" if kind in (Kind.COUNTER, Kind.HISTOGRAM, Kind.SUMMARY) else "gauge"
