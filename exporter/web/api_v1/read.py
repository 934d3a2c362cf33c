"""`read`: Prometheus' remote read, over memory and disk.

Source: storage/remote/read_handler.go of github.com/prometheus/prometheus.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryError
from exporter.history.source import HistorySource
from exporter.history.view import HistoryView
from exporter.log import get_logger
from exporter.model.labels import EMPTY, Labels
from exporter.model.series import ReadableSeries
from exporter.promql import MemoryAccount, MemoryBudget
from exporter.promql.memory import SERIES_BYTES
from exporter.promql.pieces import sort_pieces
from exporter.remote.protocol import snappy
from exporter.remote.read.answer import SampleCount, query_frames, query_result, read_response
from exporter.remote.read.request import (
    MAX_REQUEST_BYTES,
    ReadQuery,
    ReadRequest,
    ReadRequestError,
    decode_request,
)
from exporter.remote.read.series_reader import SeriesReader
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask, QueryCancelledError
from exporter.web.directory import ExternalLabels
from exporter.web.json_pieces import PiecesResponse

EXTERNAL_LABELS: Final = "external_labels"
"""A parameter of our own: `false` leaves external labels out of all, as queries do."""

MAX_CONCURRENCY: Final = 10
"""The most requests at once: `--storage.remote.read-concurrent-limit` of Prometheus."""

# About how much of a stream is written before it is sent.
_BATCH_BYTES: Final = 1 << 20
_PIECE_BYTES: Final = 64 << 10
_STREAM_TYPE: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
_MESSAGE_TYPE: Final = "application/x-protobuf"

_ResultT = TypeVar("_ResultT")

_log = get_logger(__name__)


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


def routes(
    source: ReadSource, clock: Clock, executor: CooperativeExecutor, budget: MemoryBudget
) -> Sequence[Route]:
    """Return the route, which runs cooperatively with the event loop and counts against the budget."""
    return (Route("/api/v1/read", _RemoteRead(source, clock, executor, budget).answer, methods=["POST"]),)


class _RemoteRead:
    """The endpoint."""

    def __init__(
        self, source: ReadSource, clock: Clock, executor: CooperativeExecutor, budget: MemoryBudget
    ) -> None:
        self._source = source
        self._clock = clock
        self._executor = executor
        self._budget = budget
        self._places = asyncio.Semaphore(MAX_CONCURRENCY)

    async def answer(self, request: Request) -> Response:
        """Answer with the samples of all series that are asked for."""
        external_labels = self._source.external.external_labels
        if request.query_params.get(EXTERNAL_LABELS) == "false":
            external_labels = EMPTY
        try:
            wanted = decode_request(await _body(request), external_labels)
            async with asyncio.timeout(self._budget.timeout_seconds):
                await self._places.acquire()
        except ReadRequestError as error:
            return PlainTextResponse(f"{error}\n", 400)
        except TimeoutError:
            return PlainTextResponse(f"{MAX_CONCURRENCY} others are reading, for long\n", 503)
        reading = _Reading(
            self._source,
            wanted,
            external_labels,
            to_milliseconds(self._clock.now()),
            self._budget.account(),
            self._places.release,
        )
        try:
            return await self._run(reading, request, is_streamed=wanted.is_streamed)
        except (ReadRequestError, QueryError) as error:
            reading.close()
            return PlainTextResponse(f"{error}\n", 400 if isinstance(error, ReadRequestError) else 503)
        except BaseException:
            reading.close()
            raise

    async def _run(self, reading: "_Reading", request: Request, *, is_streamed: bool) -> Response:
        async def run(write: Callable[[CooperativeTask], _ResultT]) -> _ResultT:
            return await self._executor.run(write, request, self._budget.timeout_seconds)

        async def more() -> Sequence[bytes]:
            # A batch may be over before the executor has looked.
            if await request.is_disconnected():
                raise QueryCancelledError("the client has gone")
            return await run(reading.batch)

        if is_streamed:
            return _Stream(await run(reading.batch), more, reading.close)
        message = await asyncio.to_thread(_compressed, await run(reading.message))
        headers = {"content-encoding": "snappy"}
        return PiecesResponse(message, release=reading.close, media_type=_MESSAGE_TYPE, headers=headers)


class _Reading:
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


class _Stream(Response):
    """Frames that are sent as they are made: `more` returns those that come next, none at the end."""

    media_type = _STREAM_TYPE

    def __init__(
        self,
        frames: Sequence[bytes],
        more: Callable[[], Awaitable[Sequence[bytes]]],
        release: Callable[[], None],
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._frames = frames
        self._more = more
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream.

        One that cannot be made to its end is cut off, so that nobody takes it for whole.
        """
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            frames, self._frames = self._frames, ()
            while frames:
                await send({"type": "http.response.body", "body": b"".join(frames), "more_body": True})
                frames = await self._more()
            await send({"type": "http.response.body", "body": b""})
        except QueryCancelledError:
            # Nobody is there any more who waits for it.
            pass
        except QueryError as error:
            _log.warning("a remote read was cut off", error=error)
        finally:
            self._release()


def _compressed(message: bytearray) -> Sequence[bytes]:
    """One block of snappy, in pieces to send."""
    block = snappy.compress(message)
    return [block[start : start + _PIECE_BYTES] for start in range(0, len(block), _PIECE_BYTES)]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            raise ReadRequestError(f"the request is longer than {MAX_REQUEST_BYTES >> 20} MiB")
    return bytes(body)
