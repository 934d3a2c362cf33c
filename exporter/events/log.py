"""`EventLog`: takes events without waiting, writes them in a thread, some at a time, and reads them."""

import asyncio
import contextlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry

from exporter.clock import Clock, to_milliseconds
from exporter.errors import StateError
from exporter.events.database import EventDatabase
from exporter.events.event import Event
from exporter.events.metrics import EventCollector
from exporter.events.query import EventQuery, Page
from exporter.events.rows import read_page
from exporter.log import get_logger
from exporter.timing.bounded_thread import BoundedThread
from exporter.timing.job import Job, every

MAX_WAITING: Final = 10_000
"""How many events wait to be written; then the oldest are dropped and counted."""
CLEANUP_SECONDS: Final = 60.0
"""How often what is too old is dropped."""

_AT_ONCE: Final = 2_000
# So that a burst is one transaction.
_GATHER_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 5.0
_DEADLINE_SECONDS: Final = 10.0
_MAX_KNOWN_CHARACTERS: Final = 256 << 10

ResultT = TypeVar("ResultT")

_log = get_logger(__name__)


class EventLog:
    """The events of all instances, in a file at `path`, or in memory (None).

    They are kept for `retention_ms`, in `max_bytes`; both may be changed. Implements `EventSink`, on the
    event loop's thread alone.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        retention_ms: int,
        max_bytes: int,
    ) -> None:
        self.retention_ms = retention_ms
        self.dropped = 0
        self._clock = clock
        self._database = EventDatabase(path, max_bytes)
        self._thread = BoundedThread("events")
        self._waiting: deque[Event] = deque()
        self._known: dict[tuple[str, str], Any] = {}
        self._changed: set[tuple[str, str]] = set()
        self._flush: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._under_way = 0
        self._is_closed = False
        self._listeners: list[Callable[[Sequence[Event]], None]] = []
        EventCollector(registry, self._database.numbers, lambda: self.waiting, lambda: self.dropped)

    @property
    def path(self) -> Path | None:
        """The file; None: in memory."""
        return self._database.path

    @property
    def max_bytes(self) -> int:
        """How much the events may take."""
        return self._database.max_bytes

    @max_bytes.setter
    def max_bytes(self, most: int) -> None:
        self._database.max_bytes = most

    @property
    def waiting(self) -> int:
        """How many events are not written yet."""
        return len(self._waiting) + self._under_way

    @property
    def job(self) -> Job:
        """Dropping what is too old or too much, and trying again what failed."""
        return Job("events_cleanup", self.cleanup, every(CLEANUP_SECONDS), _DEADLINE_SECONDS)

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Have somebody told of events once they are kept, each once, also over restarts."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Open the file, and load what is known; never fails."""
        with contextlib.suppress(StateError, TimeoutError):
            self._known = {**await self._run(self._database.open), **self._known}

    def record(self, event: Event) -> None:
        """See `EventSink`."""
        if event.at_ms < self._horizon_ms():
            return
        self._waiting.append(event)
        self._drop_oldest()
        self._begin()

    def known(self, instance: str, topic: str) -> Any:
        """See `EventSink`."""
        return self._known.get((instance, topic))

    def remember(self, instance: str, topic: str, value: Any) -> None:
        """See `EventSink`."""
        self._known[instance, topic] = value
        self._changed.add((instance, topic))
        self._begin()

    async def read(self, query: EventQuery) -> Page:
        """Return a page of what there is now; raises `StateError`."""
        return await self.run(lambda connection: read_page(connection, query))

    async def run(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Return what work in the thread reads, of what there is now; raises `StateError`."""
        await self.flush()
        try:
            return await self._run(lambda: self._database.read(work))
        except TimeoutError:
            raise StateError("the events cannot be read: no answer in time") from None

    async def flush(self) -> bool:
        """Write what waits, and return whether all of it is written; never fails."""
        async with self._lock:
            while self._waiting or self._changed:
                if not await self._write():
                    return False
            return True

    async def cleanup(self) -> None:
        """Drop what is too old or too much; never fails."""
        with contextlib.suppress(StateError, TimeoutError):
            before_ms = self._horizon_ms()
            await self._run(lambda: self._database.prune(before_ms))

    async def close(self) -> None:
        """Write what is left, and close the file."""
        self._is_closed = True
        async with self._lock:
            # It waits for something to be written, or for its turn.
            if self._flush is not None:
                self._flush.cancel()
        await self.flush()
        with contextlib.suppress(StateError, TimeoutError, sqlite3.Error):
            await self._run(self._database.close)
        self._thread.shutdown()

    def _horizon_ms(self) -> int:
        return to_milliseconds(self._clock.now()) - self.retention_ms

    def _begin(self) -> None:
        """Have what waits written soon."""
        if self._flush is None and not self._is_closed:
            self._flush = asyncio.get_running_loop().create_task(self._write_soon(), name="events")

    async def _write_soon(self) -> None:
        try:
            await asyncio.sleep(_GATHER_SECONDS)
            is_written = await self.flush()
            while not is_written:
                await asyncio.sleep(_RETRY_SECONDS)
                is_written = await self.flush()
        finally:
            self._flush = None

    async def _write(self) -> bool:
        """Write some of what waits; return whether that went well."""
        batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
        changed, self._changed = self._changed, set()
        known = {key: text for key in changed if (text := _encode(self._known[key])) is not None}
        now_ms = to_milliseconds(self._clock.now())
        self._under_way = len(batch)
        try:
            added = await self._run(lambda: self._database.write(batch, known, now_ms))
        except (StateError, TimeoutError):
            # Whatever of it is written nevertheless has an identity.
            self._waiting.extendleft(reversed(batch))
            self._changed |= changed
            self._drop_oldest()
            return False
        except Exception:
            # A bug in one of the events: trying again would fail again.
            _log.exception("events could not be written and are dropped", count=len(batch))
            self.dropped += len(batch)
        else:
            self._tell(added)
        finally:
            self._under_way = 0
        return True

    def _tell(self, added: Sequence[Event]) -> None:
        for listener in self._listeners if added else ():
            try:
                listener(added)
            except Exception:
                _log.exception("whoever is told of events failed")

    def _drop_oldest(self) -> None:
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        """Return the outcome of work in the thread; raises `TimeoutError` where it takes too long."""
        return await self._thread.run(work, _DEADLINE_SECONDS)


def _encode(value: Any) -> str | None:
    text = json.dumps(value, separators=(",", ":"))
    return text if len(text) <= _MAX_KNOWN_CHARACTERS else None
