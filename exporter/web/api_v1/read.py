"""`read`: Prometheus' remote read, over memory and disk.

Source: storage/remote/read_handler.go of github.com/prometheus/prometheus.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryCancelledError, QueryError
from exporter.log import get_logger
from exporter.model.labels import EMPTY, Labels
from exporter.promql import MemoryBudget
from exporter.remote.protocol import snappy
from exporter.remote.read.request import MAX_REQUEST_BYTES, ReadRequest, ReadRequestError, decode_request
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.reading import Reading, ReadSource
from exporter.web.json_pieces import PiecesResponse

EXTERNAL_LABELS: Final = "external_labels"
"""A parameter of our own: `false` leaves external labels out of all, as queries do."""

MAX_CONCURRENCY: Final = 10
"""The most requests at once: `--storage.remote.read-concurrent-limit` of Prometheus."""

# A request that is read at once; longer ones in a thread meanwhile.
_SHORT_BYTES: Final = 1_000
_PIECE_BYTES: Final = 64 << 10
_STREAM_TYPE: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
_MESSAGE_TYPE: Final = "application/x-protobuf"

_ResultT = TypeVar("_ResultT")

_log = get_logger(__name__)


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
            wanted = await _decoded(await _body(request), external_labels)
            async with asyncio.timeout(self._budget.timeout_seconds):
                await self._places.acquire()
        except ReadRequestError as error:
            return PlainTextResponse(f"{error}\n", 400)
        except TimeoutError:
            return PlainTextResponse(f"{MAX_CONCURRENCY} others are reading, for long\n", 503)
        reading = Reading(
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

    async def _run(self, reading: Reading, request: Request, *, is_streamed: bool) -> Response:
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


async def _decoded(body: bytes, external_labels: Labels) -> ReadRequest:
    if len(body) <= _SHORT_BYTES:
        return decode_request(body, external_labels)
    return await asyncio.to_thread(decode_request, body, external_labels)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            raise ReadRequestError(f"the request is longer than {MAX_REQUEST_BYTES >> 20} MiB")
    return bytes(body)
