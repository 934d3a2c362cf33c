"""Results are what queries yield: a scalar, a string, a vector or a matrix, with annotations."""

from dataclasses import dataclass

from exporter.model.labels import Labels


@dataclass(frozen=True, slots=True)
class VectorSample:
    """One element of an instant vector."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class RangeSeries:
    """One series of a range vector; points are (milliseconds, value)."""

    labels: Labels
    points: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """An instant vector, in the order of the query (sort, topk), otherwise in no particular one."""

    samples: list[VectorSample]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A range vector, sorted by labels."""

    series: list[RangeSeries]


Value = Scalar | String | Vector | Matrix


@dataclass(frozen=True, slots=True)
class Result:
    """The value of a query, with Prometheus' annotations: warnings and infos, placed in the query."""

    value: Value
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()

    @property
    def series_count(self) -> int:
        """The number of series; 0 for a number or a text."""
        if isinstance(self.value, Vector):
            return len(self.value.samples)
        return len(self.value.series) if isinstance(self.value, Matrix) else 0
