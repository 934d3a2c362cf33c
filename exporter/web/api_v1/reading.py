"""`Reading`: one request of remote read while it is answered, over memory and disk."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from exporter.errors import QueryError
from exporter.history.source import HistorySource
from exporter.history.view import HistoryView
from exporter.model.labels import Labels
from exporter.model.series import ReadableSeries
from exporter.promql import MemoryAccount
from exporter.promql.memory import SERIES_BYTES
from exporter.promql.pieces import sort_pieces
from exporter.remote.read.answer import SampleCount, query_frames, query_result, read_response
from exporter.remote.read.request import ReadQuery, ReadRequest
from exporter.remote.read.series_reader import SeriesReader
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeTask
from exporter.web.directory import ExternalLabels

# About how much of a stream is written before it is sent.
_BATCH_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ReadSource:
    """What is read: memory, and the blocks on disk where there are any; `external` labels are added."""

    store: Store
    history: HistorySource | None
    external: ExternalLabels

    @contextmanager
    def between(self, start_ms: int, end_ms: int) -> Iterator[Store | HistoryView]:
        """The series that have samples in [start, end], in milliseconds."""
        view = self.history.between(start_ms - 1, end_ms) if self.history is not None else None
        try:
            yield self.store if view is None else view
        finally:
            if view is not None:
                view.close()


class Reading:
    """One request while it is answered: how far that is, and what it takes."""

    def __init__(
        self,
        source: ReadSource,
        request: ReadRequest,
        external_labels: Labels,
        now_ms: int,
        account: MemoryAccount,
        on_close: Callable[[], None],
    ) -> None:
        self._source = source
        self._request = request
        self._external_labels = external_labels
        # What is written meanwhile is of no interest.
        self._now_ms = now_ms
        self._account = account
        self._on_close = on_close
        self._frames = self._stream()
        self._task: CooperativeTask | None = None
        self._view: HistoryView | None = None
        self._reader: SeriesReader | None = None
        self._series = 0

    def close(self) -> None:
        """Let go of all it holds, and of its place."""
        with suppress(ValueError):
            # Raised where a thread is at it: it is told to end, and closes it.
            self._frames.close()
        self._account.close()
        self._on_close()

    def batch(self, task: CooperativeTask) -> Sequence[bytes]:
        """Return the next frames of the stream, which are not many bytes; none at its end."""
        self._task = task
        frames, size = [], 0
        for frame in self._frames:
            frames.append(frame)
            size += len(frame)
            if size >= _BATCH_BYTES:
                break
        return frames

    def message(self, task: CooperativeTask) -> bytearray:
        """Return the one message with all samples."""
        self._task = task
        count, results = SampleCount(), []
        for query in self._request.queries:
            with self._selected(query) as (series, reader):
                result = []
                for piece in query_result(series, reader, self._external_labels, count, self._check):
                    # Once as it is, once put together.
                    self._account.add_text(2 * len(piece))
                    result.append(piece)
            results.append(result)
        return read_response(results, self._check)

    def _stream(self) -> Generator[bytes]:
        for index, query in enumerate(self._request.queries):
            with self._selected(query) as (series, reader):
                yield from query_frames(index, series, reader, self._external_labels, self._check)

    @contextmanager
    def _selected(self, query: ReadQuery) -> Iterator[tuple[Sequence[ReadableSeries], SeriesReader]]:
        """The series of a query in order of their labels, and what reads them."""
        end_ms = min(query.end_ms, self._now_ms)
        with self._source.between(query.start_ms, end_ms) as source:
            self._view = source if isinstance(source, HistoryView) else None
            self._reader = SeriesReader(query.start_ms, end_ms)
            self._series = 0
            found = source.select(query.matchers, self._found)
            yield sort_pieces(found, attrgetter("labels.pairs"), self._check), self._reader

    def _found(self, series: int) -> None:
        self._series += series
        self._check()

    def _check(self) -> None:
        """Let others run. Raises `QueryError` where all queries take too much, or the clock was set."""
        held = sum(one.held_bytes for one in (self._view, self._reader) if one is not None)
        self._account.set_used(self._series * SERIES_BYTES + held + _BATCH_BYTES)
        if self._task is not None:
            self._task.yield_control()
        if self._view is not None and not self._view.holds:
            raise QueryError("the clock was set while series were read: ask again")
