"""Samples: the values of series at a moment, as samplers produce them."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, compress
from operator import is_not
from typing import Final

from exporter.model.floats import normalize_bound
from exporter.model.interning import IdentityInterner
from exporter.model.labels import EMPTY, METRIC_NAME, Labels, intern

# The NaN that marks the end of a series: Prometheus' `value.StaleNaN`.
_STALE_BITS: Final = struct.pack("<Q", 0x7FF0000000000002)
STALE: Final[float] = struct.unpack("<d", _STALE_BITS)[0]


def is_stale(value: float) -> bool:
    """Whether a value is the stale marker (and not just any NaN)."""
    return value != value and struct.pack("<d", value) == _STALE_BITS


class Kind(StrEnum):
    """The type of a metric family, as the exposition formats name it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"
    UNTYPED = "untyped"


# The label that holds the bound of a bucket, or the quantile.
_BOUND_LABELS: Final = {Kind.HISTOGRAM: "le", Kind.SUMMARY: "quantile"}


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A declared metric: name, type, help and label names, besides `instance` and the target's own labels.

    Declared once as a constant and compared by identity, so that a lookup by family is cheap. One that is not
    `exposed` is in the store only: Prometheus writes it itself when it scrapes.
    """

    name: str
    kind: Kind
    help: str
    label_names: tuple[str, ...] = ()
    exposed: bool = True


class Point:
    """The identity of one series in a layout.

    `suffix` tells series of one family apart (`_bucket`, `_sum`, …); `series` are its own labels with the
    `__name__`, as the store keeps them, without the labels in common of the layout; `written` are the same as
    the sampler has written them, without the name. `names` are the names of all labels.
    """

    __slots__ = ("family", "names", "series", "suffix", "written")

    def __init__(self, family: Family, suffix: str, labels: Labels) -> None:
        self.family = family
        self.suffix = suffix
        self.written = labels
        stored = _with_one_form_of_bounds(family, labels)
        self.series = Labels([intern((METRIC_NAME, family.name + suffix)), *stored.pairs])
        self.names = intern(tuple([name for name, _ in self.series.pairs]))

    @property
    def labels(self) -> Labels:
        """Its own labels but the metric name, as the store keeps them."""
        return self.series.without(METRIC_NAME)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self.family is other.family and self.series == other.series

    def __hash__(self) -> int:
        return hash(self.series)

    def __repr__(self) -> str:
        return f"Point({self.series})"


def _with_one_form_of_bounds(family: Family, labels: Labels) -> Labels:
    """Return the labels as Prometheus 3 keeps them: bounds and quantiles in the one form `1.0`.

    Source: `normalizeFloatsInLabelValues` of github.com/prometheus/prometheus, model/textparse.
    """
    label = _BOUND_LABELS.get(family.kind)
    if label is None or not (text := labels.get(label)):
        return labels
    bound = normalize_bound(text)
    return labels if bound == text else labels.with_({label: bound})


class Schema:
    """The points of a layout, in order. Targets with the same points share one schema: see `schema_of`."""

    __slots__ = ("__weakref__", "_by_name", "_by_series", "_own_names", "points")

    def __init__(self, points: tuple[Point, ...]) -> None:
        self.points = points
        # Made when first asked for.
        self._by_name: dict[str, list[int]] = {}
        self._by_series: dict[Labels, int] = {}
        self._own_names: frozenset[str] | None = None

    @property
    def by_name(self) -> Mapping[str, Sequence[int]]:
        """The indexes of the points of each metric name."""
        if len(self._by_name) == 0:
            for index, point in enumerate(self.points):
                self._by_name.setdefault(point.series.name, []).append(index)
        return self._by_name

    def index_of(self, series: Labels) -> int | None:
        """Return the index of the point with these labels of its own; None where there is none."""
        if len(self._by_series) == 0:
            self._by_series = {point.series: at for at, point in reversed(list(enumerate(self.points)))}
        return self._by_series.get(series)

    @property
    def own_names(self) -> frozenset[str]:
        """The names of all labels that any point has of its own."""
        if self._own_names is None:
            self._own_names = frozenset(chain.from_iterable({point.names for point in self.points}))
        return self._own_names


# A schema holds its points, as an `IdentityInterner` demands.
_SCHEMAS: Final[IdentityInterner[Schema]] = IdentityInterner()


def schema_of(points: Sequence[Point]) -> Schema:
    """Return the one schema of these very points in this order."""
    return _SCHEMAS.get(points, lambda: Schema(tuple(points)))


class Layout:
    """The series that the values of a sample belong to, in order.

    That is a schema, and labels that all its series have in common; a point's own label of the same name
    wins. `unexposed` are the names of those labels in common that are in the store and not on `/metrics`.

    A sampler hands out the same layout object as long as no series is added, so that whatever was prepared
    for a layout (series, text) can be kept.
    """

    __slots__ = ("_is_plain", "base", "schema", "unexposed")

    def __init__(
        self,
        points: Sequence[Point] | Schema,
        base: Labels = EMPTY,
        unexposed: frozenset[str] = frozenset(),
    ) -> None:
        self.schema = points if isinstance(points, Schema) else schema_of(points)
        self.base = base
        self.unexposed = unexposed
        self._is_plain: bool | None = None

    def __len__(self) -> int:
        return len(self.schema.points)

    @property
    def points(self) -> Sequence[Point]:
        """The points, without the labels in common."""
        return self.schema.points

    def holds(self, other: "Layout", index: int) -> bool:
        """Whether a series of another layout is in this one too."""
        if other.base == self.base:
            return self.schema.index_of(other.points[index].series) is not None
        return self.index_of(other.labels(index)) is not None

    def is_apart(self, other: "Layout") -> bool:
        """Whether the labels in common alone tell that no series can be in both layouts."""
        if self.base == other.base:
            return False
        own, others = self.schema.own_names, other.schema.own_names
        different = set(self.base.pairs) ^ set(other.base.pairs)
        return any(name not in own and name not in others for name, _ in different)

    @property
    def is_plain(self) -> bool:
        """Whether no series overrides a label in common."""
        if self._is_plain is None:
            self._is_plain = self.schema.own_names.isdisjoint(name for name, _ in self.base)
        return self._is_plain

    def labels(self, index: int) -> Labels:
        """Return all labels of a series."""
        own = self.schema.points[index].series
        if not self.base:
            return own
        return own.joined(self.base) if self.is_plain else self.base.with_(own.as_dict())

    def relabelled(self, before: Labels, after: Labels) -> "Layout":
        """Return a layout of the same series with other labels in common.

        Series that were restored after a restart have all labels in their points, and are relabelled there.
        """
        if self.base == before:
            return Layout(self.schema, after, self.unexposed)
        renamed = {**dict.fromkeys([name for name, _ in before], ""), **after.as_dict()}
        points = [Point(point.family, point.suffix, point.written.with_(renamed)) for point in self.points]
        return Layout(points, self.base, self.unexposed)

    @property
    def exposed_base(self) -> Labels:
        """The labels in common that are on `/metrics`."""
        return self.base.without(*self.unexposed) if self.unexposed else self.base

    def exposed(self, index: int) -> Labels:
        """Return the labels of a series on `/metrics` but its name, as its sampler has written them."""
        return self.exposed_base.with_(self.schema.points[index].written.as_dict())

    def index_of(self, series: Labels) -> int | None:
        """Return the index of the series with these labels; None where it is not held."""
        schema, common = self.schema, self.base.pairs
        if not common:
            return schema.index_of(series)
        own = Labels([pair for pair in series.pairs if pair not in common])
        if self.is_plain:
            # What is left must lack exactly what all have in common.
            return schema.index_of(own) if len(own) + len(common) == len(series) else None
        return next((at for at in schema.by_name.get(series.name, ()) if self.labels(at) == series), None)


@dataclass(frozen=True, slots=True)
class Absence:
    """The meaning of a value that is missing in the sample before and there in this one.

    A count that begins with its first event has no increase: nobody saw it at 0. So where it is known that it
    stood at 0, that is said. It is known where absence was the server's way to say so (a server does not list
    errors that it has never answered with), and the sample before was good and of the same run of the server.
    It is not known where absence was ours: in a first sample, after one that failed, of a queue that was just
    discovered, of a command that was refused until now, of what a cap kept out.

    `families`: the sample before had all of their series that had counted anything, so that others stood at
    0. `values`: what single series stood at, by index; these need no good sample before.
    """

    families: frozenset[Family] = frozenset()
    values: Mapping[int, float] = field(default_factory=dict)

    def beginnings(self, points: Sequence[Point], indexes: Iterable[int]) -> Mapping[int, float]:
        """Return what these series stood at when the sample before was taken, as far as that is known."""
        known = {at: 0.0 for at in indexes if points[at].family in self.families or at in self.values}
        return {at: self.values.get(at, zero) for at, zero in known.items()}


NOT_KNOWN: Final = Absence()


@dataclass(frozen=True, slots=True)
class Sample:
    """One pass of one sampler over one target.

    `source` is the name of its writer (unique per target and sampler), `timestamp` is in milliseconds since
    the epoch, `values` run along the layout; None: that series has no value this time. `absence` tells what
    new series stood at before.
    """

    source: str
    timestamp: int
    layout: Layout
    values: Sequence[float | None]
    absence: Absence = NOT_KNOWN


def differences(values: Sequence[float | None], before: Sequence[float | None]) -> Sequence[int]:
    """Return the indexes at which there are other values than before."""
    # Most values are the very same objects as before, which costs less to see than that they are equal: what
    # they are need not be fetched from memory.
    others = compress(range(len(values)), map(is_not, values, before))
    return [index for index in others if values[index] != before[index]]
