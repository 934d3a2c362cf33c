"""Watch over the event loop: how late it answers, and where it stood when that took long."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

import exporter
from exporter.log import get_logger

STALL_SECONDS: Final = 0.1
"""An event loop that answers later than this stands still."""
# Between two looks; each wakes the loop and the thread up once.
_PAUSE_SECONDS: Final = 0.25
_BUCKETS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LOG_SECONDS: Final = 60.0
_MAX_FRAMES: Final = 12
_MAX_THREADS: Final = 3
# Modules of the standard library in which threads wait for locks and for work.
_WAITING: Final = frozenset({"threading.py", "thread.py", "queue.py", "selectors.py"})
_PACKAGE: Final = Path(exporter.__file__).parent
# The end of a stop must not wait for a loop that has ended.
_PATIENCE_SECONDS: Final = 1.0

_log = get_logger(__name__)


class LoopWatch:
    """Asks the event loop four times a second for a sign of life, from a thread of its own.

    A stall is told in the log once a minute at most, with the files, lines and functions that the loop was
    in, and nothing of what they work on.
    """

    def __init__(
        self, registry: CollectorRegistry, monotonic: Callable[[], float] = time.perf_counter
    ) -> None:
        self._monotonic = monotonic
        self._lag = Histogram(
            "redis_vigil_loop_lag_seconds",
            "How late the event loop has answered, asked four times a second.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._stalls = Counter(
            "redis_vigil_loop_stalls",
            f"Times that the event loop has answered later than after {STALL_SECONDS} s.",
            registry=registry,
        )
        self._stall_seconds = Counter(
            "redis_vigil_loop_stall_seconds",
            "How long it stood still those times altogether.",
            registry=registry,
        )
        self._ended = threading.Event()
        self._answered = threading.Event()
        self._loop_thread = 0
        self._told_at = -_LOG_SECONDS
        self._untold = 0

    def start(self) -> None:
        """Watch the running event loop from now on."""
        self._loop_thread = threading.get_ident()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._watch, args=(loop,), name="loop watch", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            try:
                self._look(loop)
            except RuntimeError:
                # The loop is closed.
                return

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._answered.clear()
        asked_at, cpu = self._monotonic(), time.process_time()
        loop.call_soon_threadsafe(self._answered.set)
        place = ""
        if not self._answered.wait(STALL_SECONDS):
            place = place_of_thread(self._loop_thread)
            if beside := places_beside(self._loop_thread):
                place = f"{place}; beside it {beside}"
            while not self._answered.wait(_PATIENCE_SECONDS):
                if self._ended.is_set():
                    return
        self.note(self._monotonic() - asked_at, time.process_time() - cpu, place)

    def note(self, seconds: float, cpu_seconds: float, place: str) -> None:
        """The loop has answered after so long, in which the process has had so much of the processors."""
        self._lag.observe(seconds)
        if seconds < STALL_SECONDS:
            return
        self._stalls.inc()
        self._stall_seconds.inc(seconds)
        now = self._monotonic()
        if now - self._told_at < _LOG_SECONDS:
            self._untold += 1
            return
        self._told_at = now
        _log.warning(
            "the event loop stood still",
            seconds=round(seconds, 2),
            cpu_seconds=round(cpu_seconds, 2),
            more_within_a_minute=self._untold,
            where=place or "not seen",
        )
        self._untold = 0


def place_of_thread(thread: int) -> str:
    """Return the place of a thread (see `place_of`), by its ident."""
    return place_of(sys._current_frames().get(thread))


def places_beside(loop_thread: int) -> str:
    """Return the places of other threads that compute, which the loop may be waiting for; empty without any.

    Threads that wait do so in the standard library.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    busy = [
        f"{names.get(ident, ident)}: {place_of(frame)}"
        for ident, frame in sys._current_frames().items()
        if ident not in (loop_thread, threading.get_ident()) and _computes(frame)
    ]
    return "; ".join(busy[:_MAX_THREADS])


def _computes(frame: FrameType) -> bool:
    """Whether a thread is about something of this package, and does not wait."""
    if Path(frame.f_code.co_filename).name in _WAITING:
        return False
    below: FrameType | None = frame
    while below is not None:
        if Path(below.f_code.co_filename).is_relative_to(_PACKAGE):
            return True
        below = below.f_back
    return False


def place_of(frame: FrameType | None) -> str:
    """Return the place of a thread, the innermost first.

    An example: `store/store.py:12 select < web/pages/page_queries.py:40 _rows`.

    Files of this package go without its path, others by their names alone.
    """
    places: list[str] = []
    while frame is not None and len(places) < _MAX_FRAMES:
        path = Path(frame.f_code.co_filename)
        name = path.relative_to(_PACKAGE) if path.is_relative_to(_PACKAGE) else path.name
        places.append(f"{name}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(places)
