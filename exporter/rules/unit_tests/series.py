"""A series feed writes the series of a test into its store."""

from collections.abc import Iterable

from exporter.errors import QueryError
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample, is_stale
from exporter.rules.notation import parse_series, parse_values
from exporter.rules.unit_tests.schema import SeriesSection
from exporter.store import Store


class _Feed:
    """One series, and how far it has been written."""

    def __init__(self, labels: Labels, values: list[float | None], source: str) -> None:
        family = Family(labels.name, Kind.UNTYPED, "A series of a test.")
        self._layout = Layout([Point(family, "", labels.without(METRIC_NAME))])
        self._values = values
        self._source = source
        self._next = 0

    def write(self, store: Store, start_ms: int, interval_ms: int, until_ms: int) -> None:
        while self._next < len(self._values) and start_ms + self._next * interval_ms <= until_ms:
            value = self._values[self._next]
            if value is not None:
                # A source of its own: a series that is left out goes on until it is too old, it does not end.
                stored = None if is_stale(value) else value
                store.append(
                    Sample(self._source, start_ms + self._next * interval_ms, self._layout, [stored])
                )
            self._next += 1


class SeriesFeed:
    """The series of a test, written into its store bit by bit, so that no rule sees the future.

    Raises `QueryError` for a series or values that cannot be read.
    """

    def __init__(self, sections: Iterable[SeriesSection], *, start_ms: int, interval_ms: int) -> None:
        self._start_ms = start_ms
        self._interval_ms = interval_ms
        self._feeds: dict[Labels, _Feed] = {}
        for number, section in enumerate(sections):
            labels, values = _read(section)
            # As in promtool the last of several series of one name wins.
            self._feeds[labels] = _Feed(labels, values, f"input:{number}")

    def write(self, store: Store, until_ms: int) -> None:
        """Write every sample up to and including this moment."""
        for feed in self._feeds.values():
            feed.write(store, self._start_ms, self._interval_ms, until_ms)


def _read(section: SeriesSection) -> tuple[Labels, list[float | None]]:
    try:
        return parse_series(section.series), parse_values(section.values)
    except QueryError as error:
        raise QueryError(f'series "{section.series}": {error}') from error
