"""Sources are what queries read from: the store, or anything like it, as protocols."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries


class Horizon(Protocol):
    """The source as it is at one moment, asked for before others may write."""

    @property
    def holds(self) -> bool:
        """True while what there was then can still be read."""
        ...

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Select as the source would have done then."""
        ...

    def bound(self, series: ReadableSeries) -> ReadableSeries:
        """A series without what is written later."""
        ...


class SeriesSource(Protocol):
    """A set of series."""

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Return the series that satisfy all matchers: the same object while these are the same.

        `check` is called now and then, with the number of series found since, where the set may change.
        """
        ...

    def horizon(self) -> Any:
        """A `Horizon`; mypy cannot compare two protocols that name each other."""
        ...


class View(SeriesSource, Protocol):
    """A source that is made for one query; `held_bytes` is about how much memory it takes."""

    held_bytes: int

    def close(self) -> None:
        """Let go of everything."""
        ...


class History(Protocol):
    """More than the store of an engine holds."""

    def between(self, start_ms: int, end_ms: int, reader: object) -> View | None:
        """What there is in (start, end], in milliseconds; None where the store holds all of it.

        `reader` is the same object whenever the same query is asked again.
        """
        ...


class Pace(Protocol):
    """The pace of a query: when it is to yield control, and how."""

    @property
    def is_due(self) -> bool:
        """True if it is time to yield control: asking costs less than yielding each time."""
        ...

    def yield_control(self) -> None:
        """Let others run, if it is time."""
        ...
