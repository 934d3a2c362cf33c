"""Holds a count back that begins with its first event, until scrapers have seen what it stood at.

Who scrapes the page knows a series only from its first scrape on. If that already showed the first events,
they would be no increase. So a series that has begun (see `exporter.store`) shows what it stood at until all
regular scrapers have seen that. In OpenMetrics it also has the moment at which it began.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from exporter.metrics.scrapers import Scrapers
from exporter.metrics.text import format_value
from exporter.model.sample import Layout


class Begun(Protocol):
    """A count that has begun."""

    @property
    def at_ms(self) -> int:
        """The moment at which it stood at `value`, in milliseconds."""
        ...

    @property
    def value(self) -> float:
        """The value before the first event."""
        ...

    @property
    def version(self) -> int:
        """The version of the group in which the first event came."""
        ...


class BegunGroup(Protocol):
    """The part of a series group that is read here."""

    @property
    def layout(self) -> Layout:
        """The layout of the newest row."""
        ...

    @property
    def beginnings(self) -> Mapping[int, Begun]:
        """The counts that have begun, by index in the layout."""
        ...

    @property
    def begun_version(self) -> int:
        """The version at which the newest of them began."""
        ...


class Beginnings:
    """The beginnings of one group on one page."""

    def __init__(self) -> None:
        # By index: the text, and when it first was on the page; None: not yet.
        self._held: dict[int, tuple[str, float | None]] = {}
        self._created: dict[int, str] = {}
        self._begun_version = -1
        self._layout: Layout | None = None

    @property
    def are_held(self) -> bool:
        """Whether any series is shown otherwise than it is."""
        return bool(self._held)

    def follow(self, group: BegunGroup, seen: int | None, created: Callable[[int, int], str]) -> None:
        """Note the beginnings since the page showed the group in the version `seen` (None: never).

        `created` makes the line about the moment (milliseconds) at which a series began.
        """
        layout, self._layout = self._layout, group.layout
        if layout is not group.layout and layout is not None and not _is_longer(group.layout, layout):
            self._held.clear()
            self._created.clear()
        if not group.beginnings and self._created:
            # The source has restarted.
            self._created.clear()
        if group.begun_version != self._begun_version:
            self._begun_version = group.begun_version
            for index, begun in group.beginnings.items():
                self._created[index] = created(index, begun.at_ms)
                # On the first page there is no earlier value that a scraper could compare with.
                if seen is not None and begun.version > seen:
                    self._held[index] = format_value(begun.value), None

    def texts(self, indexes: Sequence[int], texts: Sequence[str | None]) -> Sequence[str | None]:
        """Return the texts to show for these series, given the texts of their values."""
        if not (self._held or self._created):
            return texts
        return [
            text if text is None else self._text(index, text)
            for index, text in zip(indexes, texts, strict=True)
        ]

    def _text(self, index: int, text: str) -> str:
        held = self._held.get(index)
        return (text if held is None else held[0]) + self._created.get(index, "")

    def release(self, scrapers: Scrapers) -> Sequence[int]:
        """Return the indexes that are shown as they are from now on, since the page is asked for."""
        held = self._held
        released = []
        for index, (text, since) in held.items():
            if since is None:
                if scrapers.are_regular:
                    held[index] = text, scrapers.now
                else:
                    released.append(index)
            elif scrapers.have_seen(since):
                released.append(index)
        for index in released:
            del held[index]
        return released


def _is_longer(layout: Layout, other: Layout) -> bool:
    """Whether a layout has the series of another at its beginning."""
    return layout.base == other.base and layout.points[: len(other)] == other.points
