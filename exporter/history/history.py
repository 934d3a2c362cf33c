"""`History`: everything on disk behind one object; it writes, seals, compacts and drops what is too old."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry

from exporter.clock import Clock, to_milliseconds
from exporter.history.blocks import Blocks
from exporter.history.compaction import compact
from exporter.history.metrics import HistoryCollector
from exporter.history.restoring import read_required
from exporter.history.sealing import Sealer, SealingNumbers, StoppedError
from exporter.history.wal_files import WalFiles
from exporter.history.write_ahead_log import WriteAheadLog
from exporter.log import get_logger
from exporter.store import Chunk, Relabel, RequiredSelector, Store, relabelled
from exporter.timing.job import Job, every

_MAINTENANCE_SECONDS: Final = 30.0
# A day of a thousand servers takes minutes; what is cut off is done the next time.
_DEADLINE_SECONDS: Final = 3_600.0

_ValueT = TypeVar("_ValueT")

_log = get_logger(__name__)


class History:
    """The history in a directory, which only one process may use.

    `open` it and let it `follow` the store before anything is sampled, `close` it at the end.
    `maintenance_failures` counts runs of sealing, compaction and retention that went wrong.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        retention_ms: int,
        max_bytes: int,
        downsample_after_ms: int,
    ) -> None:
        self.retention_ms = retention_ms
        self.max_bytes = max_bytes
        self.downsample_after_ms = downsample_after_ms
        self.maintenance_failures = 0
        self.blocks = Blocks(directory)
        self._files = WalFiles(directory)
        self.wal = WriteAheadLog(self._files, clock)
        self._clock = clock
        self._has_stopped = False
        self._is_failing = False
        self._sealer = Sealer(self._files, self.blocks, lambda: self._has_stopped)
        # One thread: sealing and compaction change the same files.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        HistoryCollector(registry, self)

    def configure(self, *, retention_ms: int, max_bytes: int, downsample_after_ms: int) -> None:
        """Set how long samples are kept, how much they may take, and when they are thinned."""
        self.retention_ms = retention_ms
        self.max_bytes = max_bytes
        self.downsample_after_ms = downsample_after_ms

    @property
    def wal_bytes(self) -> int:
        """What the files of the write-ahead log take."""
        return self._files.bytes

    @property
    def sealing(self) -> SealingNumbers:
        """What was sealed."""
        return self._sealer.numbers

    @property
    def jobs(self) -> list[Job]:
        """Writing of what is new; sealing, compaction and retention."""
        maintenance = Job(
            "history_maintenance", self.maintain, every(_MAINTENANCE_SECONDS), _DEADLINE_SECONDS
        )
        return [self.wal.job, maintenance]

    async def open(self) -> None:
        """Open the blocks, and seal what was written before the start; never fails."""
        await self._in_thread("opening of blocks", self.blocks.load)
        await self._in_thread("sealing of what was written before the start", self._seal)

    async def adopt(self, chunks: list[Chunk]) -> bool:
        """Take over what an earlier version saved of the series that rules read; whether that went well."""
        taken = await self._in_thread("taking over of samples", lambda: self._sealer.adopt(chunks))
        return taken is not None

    async def follow(self, store: Store, selectors: Iterable[RequiredSelector], relabel: Relabel) -> None:
        """Put back into the store what rules need, and write what comes; never fails.

        `relabel` returns the labels of now of a series that an earlier version wrote.
        """
        wanted, now_ms = list(selectors), self._now_ms()
        start_ms = now_ms - store.longest_range_ms
        chunks = await self._in_thread(
            "reading of what rules need", lambda: read_required(self.blocks, wanted, start_ms, now_ms)
        )
        rows = store.restore(relabelled(chunks or (), relabel), now_ms)
        if rows:
            _log.info("samples from before the restart are back", rows=rows, series=store.series_count)
        number = await self._in_thread("listing of files", lambda: self._sealer.last_number)
        self.wal.follow(store, number or 0)

    async def maintain(self) -> None:
        """Seal, compact, and drop what is too old or too much."""
        if await self._in_thread("maintenance", self._maintain):
            self._is_failing = False

    async def close(self) -> None:
        """Write what is left, and let what is under way end."""
        if self._has_stopped:
            return
        self._has_stopped = True
        await self.wal.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _seal(self) -> None:
        self._sealer.seal_all(lambda: self.wal.open_number)

    def _maintain(self) -> bool:
        now_ms = self._now_ms()
        try:
            self._seal()
            compact(
                self.blocks,
                now_ms=now_ms,
                downsample_after_ms=self.downsample_after_ms,
                has_stopped=lambda: self._has_stopped,
            )
        finally:
            # Also where there is no room for another block: this is what makes some.
            self.blocks.forget_lost()
            self.blocks.drop_old(now_ms - self.retention_ms)
            self.blocks.drop_much(self.max_bytes - self._files.bytes)
        return True

    async def _in_thread(self, what: str, call: Callable[[], _ValueT]) -> _ValueT | None:
        """Return what a call returns; None where it failed, which is told once until it goes well again."""
        if self._has_stopped:
            return None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, call)
        except StoppedError:
            return None
        except Exception as error:
            # Whatever it is must not keep the daemon from starting.
            self._fail(what, error)
            return None

    def _fail(self, what: str, error: Exception) -> None:
        self.maintenance_failures += 1
        if self._is_failing:
            return
        self._is_failing = True
        reason = error.strerror or error if isinstance(error, OSError) else repr(error)
        _log.error("the history on disk cannot be looked after", at=what, error=reason)

    def _now_ms(self) -> int:
        return to_milliseconds(self._clock.now())
