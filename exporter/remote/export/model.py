"""What is exported: series of one metric name after the other, each with its samples in order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


class Samples(NamedTuple):
    """Successive samples of a series: timestamps in milliseconds, and values."""

    times: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, both included, in milliseconds."""

    start_ms: int
    end_ms: int


class ExportSource(Protocol):
    """Where samples come from. What it does raises `exporter.errors.VigilError`."""

    def names(self) -> Sequence[str]:
        """All metric names that are exported, in order."""
        ...

    def kinds(self) -> dict[str, str]:
        """The type of metric families, as OpenMetrics names them, as far as it is known."""
        ...

    def series(self, name: str) -> Iterator[tuple[Labels, Iterator[Samples]]]:
        """The series of a metric name. The samples of one are to be read before the next one is asked for."""
        ...


Selectors = Sequence[Sequence[Matcher]]
"""A series is exported where all matchers of any of these hold."""
