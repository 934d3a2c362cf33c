"""What samplers produce: values of series, at a moment."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, compress
from operator import is_not
from typing import Final
from weakref import WeakValueDictionary

from exporter.model.floats import format_bound
from exporter.model.labels import EMPTY, METRIC_NAME, Labels, share

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


# The label that holds a bound, or a share.
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
    """The identity of one value in a layout.

    `suffix` tells which series of the family it is (`_bucket`, `_sum`, …); `series` are its own labels with
    the `__name__`, as the store keeps them, without those that all series of a layout have in common;
    `written` are the same as the sampler has written them, without the name. `names` are those of all labels.
    """

    __slots__ = ("family", "names", "series", "suffix", "written")

    def __init__(self, family: Family, suffix: str, labels: Labels) -> None:
        self.family = family
        self.suffix = suffix
        self.written = labels
        stored = _with_one_form_of_bounds(family, labels)
        self.series = Labels([share((METRIC_NAME, family.name + suffix)), *stored.pairs])
        self.names = share(tuple([name for name, _ in self.series.pairs]))

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
    """The labels as Prometheus 3 keeps them: bounds of histograms and summaries in the one form `1.0`.

    Source: `normalizeFloatsInLabelValues` of github.com/prometheus/prometheus, model/textparse.
    """
    label = _BOUND_LABELS.get(family.kind)
    if label is None or not (text := labels.get(label)):
        return labels
    bound = format_bound(text)
    return labels if bound == text else labels.with_({label: bound})


class Shape:
    """The points of a layout. Targets that tell the same have one shape: get it from `shape_of`."""

    __slots__ = ("__weakref__", "_by_name", "_by_series", "_own_names", "points")

    def __init__(self, points: tuple[Point, ...]) -> None:
        self.points = points
        # Made when first asked for.
        self._by_name: dict[str, list[int]] = {}
        self._by_series: dict[Labels, int] = {}
        self._own_names: frozenset[str] | None = None

    @property
    def by_name(self) -> Mapping[str, Sequence[int]]:
        """The positions of the points of each metric name."""
        if len(self._by_name) == 0:
            for position, point in enumerate(self.points):
                self._by_name.setdefault(point.series.name, []).append(position)
        return self._by_name

    def position(self, series: Labels) -> int | None:
        """The position of the point with these labels of its own."""
        if len(self._by_series) == 0:
            self._by_series = {point.series: at for at, point in reversed(list(enumerate(self.points)))}
        return self._by_series.get(series)

    @property
    def own_names(self) -> frozenset[str]:
        """The names of all labels that any point has of its own."""
        if self._own_names is None:
            self._own_names = frozenset(chain.from_iterable({point.names for point in self.points}))
        return self._own_names


# By the identities of their points, which live as long as the shape does.
_SHAPES: WeakValueDictionary[tuple[int, ...], Shape] = WeakValueDictionary()


def shape_of(points: Sequence[Point]) -> Shape:
    """The one shape with these very points in this order."""
    key = tuple(map(id, points))
    found = _SHAPES.get(key)
    if found is None:
        found = _SHAPES[key] = Shape(tuple(points))
    return found


class Layout:
    """Which series the values of a sample belong to, in order: a shape, and the labels that each of its
    series has as well. A point's own label of the same name wins.

    `unexposed` are the names of those labels in common that are in the store and not on `/metrics`.

    A sampler hands out the same layout object for as long as nothing appears, so that whoever prepared
    something for a layout (series, text) can keep it.
    """

    __slots__ = ("_is_plain", "base", "shape", "unexposed")

    def __init__(
        self,
        points: Sequence[Point] | Shape,
        base: Labels = EMPTY,
        unexposed: frozenset[str] = frozenset(),
    ) -> None:
        self.shape = points if isinstance(points, Shape) else shape_of(points)
        self.base = base
        self.unexposed = unexposed
        self._is_plain: bool | None = None

    def __len__(self) -> int:
        return len(self.shape.points)

    @property
    def points(self) -> Sequence[Point]:
        """The points, without the labels in common."""
        return self.shape.points

    def holds(self, other: "Layout", position: int) -> bool:
        """Whether a series of another layout is in this one too."""
        if other.base == self.base:
            return self.shape.position(other.points[position].series) is not None
        return self.position(other.labels(position)) is not None

    def is_apart(self, other: "Layout") -> bool:
        """Whether what the series of each have in common tells that none can be in both."""
        if self.base == other.base:
            return False
        own, others = self.shape.own_names, other.shape.own_names
        different = set(self.base.pairs) ^ set(other.base.pairs)
        return any(name not in own and name not in others for name, _ in different)

    @property
    def is_plain(self) -> bool:
        """Whether no point has a label of its own that stands for one in common."""
        if self._is_plain is None:
            self._is_plain = self.shape.own_names.isdisjoint(name for name, _ in self.base)
        return self._is_plain

    def labels(self, position: int) -> Labels:
        """All labels of a series."""
        own = self.shape.points[position].series
        if not self.base:
            return own
        return own.joined(self.base) if self.is_plain else self.base.with_(own.as_dict())

    def relabelled(self, before: Labels, after: Labels) -> "Layout":
        """The same series with other labels in common; what was put back after a restart has them all in
        its points."""
        if self.base == before:
            return Layout(self.shape, after, self.unexposed)
        renamed = {**dict.fromkeys([name for name, _ in before], ""), **after.as_dict()}
        points = [Point(point.family, point.suffix, point.written.with_(renamed)) for point in self.points]
        return Layout(points, self.base, self.unexposed)

    @property
    def exposed_base(self) -> Labels:
        """Those of the labels in common that are on `/metrics`."""
        return self.base.without(*self.unexposed) if self.unexposed else self.base

    def exposed(self, position: int) -> Labels:
        """The labels of a series on `/metrics` but its name, as its sampler has written them."""
        return self.exposed_base.with_(self.shape.points[position].written.as_dict())

    def position(self, series: Labels) -> int | None:
        """The position of the series with these labels; None where it is not held."""
        shape, common = self.shape, self.base.pairs
        if not common:
            return shape.position(series)
        own = Labels([pair for pair in series.pairs if pair not in common])
        if self.is_plain:
            # What is left must lack exactly what all have in common.
            return shape.position(own) if len(own) + len(common) == len(series) else None
        return next((at for at in shape.by_name.get(series.name, ()) if self.labels(at) == series), None)


@dataclass(frozen=True, slots=True)
class Absence:
    """What it means that a sample has a value of a series, and the sample before of the same source has none.

    A count that begins with its first event has no increase: nobody saw it at 0. So where it is known that it
    stood at 0, that is said. Known it is where absence was the server's way to say so (a server does not list
    errors that it has never answered with), and the sample before was good and of the same run of the server.
    It is not known where absence was ours: in a first sample, after one that failed, of a queue that was just
    discovered, of a command that was refused until now, of what a cap kept out.

    `families`: the sample before told all of their series that had counted anything, so that others stood
    at 0. `values`: what single series stood at, by position; these need no good sample before.
    """

    families: frozenset[Family] = frozenset()
    values: Mapping[int, float] = field(default_factory=dict)

    def beginnings(self, points: Sequence[Point], positions: Iterable[int]) -> Mapping[int, float]:
        """What these series stood at when the sample before was taken, as far as that is known."""
        known = {at: 0.0 for at in positions if points[at].family in self.families or at in self.values}
        return {at: self.values.get(at, zero) for at, zero in known.items()}


NOT_KNOWN: Final = Absence()


@dataclass(frozen=True, slots=True)
class Sample:
    """One pass of one sampler over one target.

    `source` names who wrote it (unique per target and sampler), `timestamp` is in milliseconds since the
    epoch, `values` run along the layout; None: that series has no value this time. `absence` tells what the
    series that are new stood at before.
    """

    source: str
    timestamp: int
    layout: Layout
    values: Sequence[float | None]
    absence: Absence = NOT_KNOWN


def differences(values: Sequence[float | None], before: Sequence[float | None]) -> Sequence[int]:
    """The positions at which there are other values than before."""
    # Most values are the very same objects as before, which costs less to see than that they are equal: what
    # they are need not be fetched from memory.
    others = compress(range(len(values)), map(is_not, values, before))
    return [index for index in others if values[index] != before[index]]
