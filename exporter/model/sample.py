"""What samplers produce: values of series, at a moment."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.model.floats import format_bound
from exporter.model.labels import METRIC_NAME, Labels, share

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

    Declared once as a constant and compared by identity, so that a lookup by family is cheap.
    """

    name: str
    kind: Kind
    help: str
    label_names: tuple[str, ...] = ()


class Point:
    """The identity of one value in a layout.

    `suffix` tells which series of the family it is (`_bucket`, `_sum`, …); `series` is the series that the
    value belongs to, with its `__name__`. There are hundreds of these per target, so they hold nothing else.
    """

    __slots__ = ("family", "series", "suffix")

    def __init__(self, family: Family, suffix: str, labels: Labels) -> None:
        self.family = family
        self.suffix = suffix
        self.series = Labels([share((METRIC_NAME, family.name + suffix)), *labels.pairs])

    @property
    def labels(self) -> Labels:
        """All labels but the metric name, the target's included."""
        return self.series.without(METRIC_NAME)

    @property
    def stored_series(self) -> Labels:
        """The series as Prometheus 3 keeps it: bounds of histograms and summaries in the one form `1.0`.

        Source: `normalizeFloatsInLabelValues` of github.com/prometheus/prometheus, model/textparse.
        """
        label = _BOUND_LABELS.get(self.family.kind)
        if label is None or not (text := self.series.get(label)):
            return self.series
        bound = format_bound(text)
        return self.series if bound == text else self.series.with_({label: bound})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self.family is other.family and self.series == other.series

    def __hash__(self) -> int:
        return hash(self.series)

    def __repr__(self) -> str:
        return f"Point({self.series})"


class Layout:
    """Which series the values of a sample belong to, in order; `series` are those that the store keeps.

    A sampler hands out the same layout object for as long as nothing appears, so that whoever prepared
    something for a layout (series, text) can keep it.
    """

    __slots__ = ("points", "series")

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        self.series = tuple(point.stored_series for point in self.points)

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True)
class Sample:
    """One pass of one sampler over one target.

    `source` names who wrote it (unique per target and sampler), `timestamp` is in milliseconds since the
    epoch, `values` run along the layout; None: that series has no value this time.
    """

    source: str
    timestamp: int
    layout: Layout
    values: Sequence[float | None]
