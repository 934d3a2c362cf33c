"""Reads what is exported from the blocks of a directory, without a daemon."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from exporter.errors import DamagedBlockError
from exporter.history.reading import ReadableBlock, ReadableBlocks
from exporter.history.view import HistoryView
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.series import ReadableSeries
from exporter.remote.export.model import Samples, Selectors, Span
from exporter.remote.read.series_reader import SeriesReader
from exporter.store import Store


class BlocksSource:
    """The samples of blocks. A damaged block is left out: the blocks are told of it, and tell."""

    def __init__(self, blocks: ReadableBlocks, span: Span, selectors: Selectors) -> None:
        self._blocks = blocks
        self._span = span
        self._selectors = selectors or [[]]
        self._memory = Store()

    def names(self) -> Sequence[str]:
        """The metric names of blocks of that time."""
        found: set[str] = set()
        for block in self._between():
            try:
                found |= self._names_in(block)
            except DamagedBlockError as error:
                self._blocks.set_aside(block, error)
        return sorted(found)

    def _names_in(self, block: ReadableBlock) -> set[str]:
        return {
            source.series[index].name
            for matchers in self._selectors
            for source, index in block.select(matchers)
        }

    def kinds(self) -> dict[str, str]:
        """None: blocks do not say."""
        return {}

    def series(self, name: str) -> Iterator[tuple[Labels, Iterator[Samples]]]:
        """The series of a metric name in order of their labels."""
        span = self._span
        reader = SeriesReader(span.start_ms, span.end_ms)
        # One for each name, since it holds the timestamps of all sources that it meets.
        view = HistoryView(
            self._memory, self._between(), span.start_ms - 1, span.end_ms, self._blocks.set_aside
        )
        with closing(view):
            for one in _selected(view.select, name, self._selectors):
                yield one.labels, _samples_of(reader, one)

    def _between(self) -> Sequence[ReadableBlock]:
        return self._blocks.between(self._span.start_ms - 1, self._span.end_ms)


def _selected(
    select: Callable[[Sequence[Matcher]], Sequence[ReadableSeries]], name: str, selectors: Selectors
) -> Sequence[ReadableSeries]:
    by_name = Matcher(METRIC_NAME, MatchOp.EQUAL, name)
    found = {one.labels: one for matchers in selectors for one in select([by_name, *matchers])}
    return [found[labels] for labels in sorted(found)]


def _samples_of(reader: SeriesReader, series: ReadableSeries) -> Iterator[Samples]:
    return (Samples(piece.times, piece.values) for piece in reader.read(series))
