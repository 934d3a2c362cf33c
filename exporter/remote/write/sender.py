"""`Sender`: brings all samples of the store to one receiver, in order."""

import asyncio
import random
from array import array
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from exporter.clock import Clock, to_milliseconds
from exporter.config.remote_write import RemoteWriteSection
from exporter.log import get_logger
from exporter.remote.write.delivery import Delivery
from exporter.remote.write.encoder import Encoder
from exporter.remote.write.families import Families
from exporter.remote.write.history_rows import Blocks, Gaps, HistoryRows
from exporter.remote.write.message import Message
from exporter.remote.write.message_v1 import MessageV1
from exporter.remote.write.message_v2 import MessageV2
from exporter.remote.write.metadata import MetadataSender
from exporter.remote.write.metrics import ReceiverMetrics
from exporter.remote.write.positions import Position
from exporter.remote.write.shards import Shards
from exporter.remote.write.transform import Transform
from exporter.store import Store
from exporter.store.row_reader import RowReader, Rows

# How often it is looked whether there is enough for a request.
_LOOK_SECONDS: Final = 1.0
# What one reading of the store may take of the event loop's time is bounded by this.
_MOST_ROWS: Final = 2000
_LEAST_ROWS: Final = 10
_AFTER_FAULT_SECONDS: Final = 5.0

MESSAGES: Final[dict[str, Message]] = {one.name: one for one in (MessageV1(), MessageV2())}

_log = get_logger(__name__)


class Sender:
    """Sends to one receiver: start `run`, `end` it.

    What is not sent yet is not kept here: it stands in the store, and is read from there as it is sent. What
    the store has dropped by then is read from the blocks of the history, if there is one. `position` is how
    far the receiver had got before a restart; None: it begins with the present. `sent_until` is how far it
    has got: the last row of each source, in milliseconds.
    """

    def __init__(
        self,
        section: RemoteWriteSection,
        transform: Transform,
        *,
        store: Store,
        clock: Clock,
        metrics: ReceiverMetrics,
        families: Families,
        blocks: Blocks | None = None,
        position: Position | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.section = section
        self._transform = transform
        self._clock = clock
        self._metrics = metrics
        self._reader = RowReader(store)
        self._reader.seek_to_end()
        self._encoder = self._make_encoder()
        self._delivery = Delivery(section, clock, metrics, rng or random.Random())
        self._metadata = MetadataSender(section, self._delivery, store, families, clock)
        self._shards = Shards(section.queue_config)
        self._history = HistoryRows(blocks, families.of) if blocks is not None else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="remote-write")
        self._changed = asyncio.Event()
        self._wanted: tuple[RemoteWriteSection, Transform] | None = None
        self.sent_until: dict[str, int] = dict(position.sources) if position else {}
        self._first_gaps = Gaps(
            {source: (until, self._now_ms) for source, until in self.sent_until.items()},
            (position.since_ms, self._now_ms) if position else None,
        )
        self._last_sent_at = clock.monotonic()
        # The moment of the last reading, and how many samples its rows had on average.
        self._read_at = float("-inf")
        self._row_samples = 1
        # Whether the last round has ended without all having been sent.
        self._is_interrupted = False
        # Whether the last reading has left something.
        self._is_cut = False
        # Until then everything is sent, of sources, too, that are not among those of `sent_until`.
        self._complete_ms = position.since_ms if position else self._now_ms
        metrics.show_sent(max(self.sent_until.values(), default=self._complete_ms))

    @property
    def _now_ms(self) -> int:
        return to_milliseconds(self._clock.now())

    @property
    def is_ending(self) -> bool:
        """Whether it was told to end."""
        return self._delivery.is_ending

    def configure(self, section: RemoteWriteSection, transform: Transform) -> None:
        """Go over to another section, or to other labels; what waits is sent by these."""
        self._wanted = (section, transform)
        self._delivery.configure(section)
        self._metrics.configure(section)
        self._changed.set()

    def end(self) -> None:
        """Send what there is, with one attempt, and end."""
        self._delivery.end()
        self._changed.set()

    @property
    def wanted_section(self) -> RemoteWriteSection:
        """The section that it goes by, from the next round on at the latest."""
        return self._wanted[0] if self._wanted else self.section

    @property
    def position(self) -> Position:
        """How far the receiver has got."""
        return Position(self._complete_ms, dict(self.sent_until))

    async def run(self) -> None:
        """Send until the end."""
        try:
            await self._guard(self._fill_first_gaps)
            while not self.is_ending:
                await self._guard(self._round)
            # Unless it ends since an attempt has failed: then what is left waits for the next start.
            while not self._is_interrupted and await self._round():
                pass
        finally:
            await self._close()

    async def _guard(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do a part of the work; what goes wrong with it costs that part, and ends nothing."""
        try:
            await work()
        except Exception:
            _log.exception("a round of remote write failed", remote_name=self.section.shown_name)
            # What was encoded and not sent is read once more.
            self._restart_reading()
            await self._sleep(_AFTER_FAULT_SECONDS)

    def _restart_reading(self) -> None:
        self._encoder = self._make_encoder()
        self._reader.require_base()

    async def _fill_first_gaps(self) -> None:
        self._is_interrupted = not await self._fill(self._first_gaps)

    async def _close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        await self._delivery.close()

    async def _round(self) -> bool:
        """Send what has come since the last round; whether there was something, and all of it was sent."""
        self._adopt()
        if not self.is_ending:
            await self._metadata.send_if_due(self._encoder.message)
        found = await self._gather()
        if not found:
            return False
        began, read_ms = self._clock.monotonic(), self._now_ms
        if shift_ms := self._reader.shift_ms:
            self._shift(shift_ms)
        self._metrics.pending.set(samples_in(found))
        self._shards.fit(samples_in(found) // self.section.queue_config.max_samples_per_send)
        is_done = await self._fill_lost(found) and await self._send(
            lambda wants: (self._in_order(rows) for rows in found if wants(rows.source))
        )
        if is_done:
            self._ack(found, read_ms)
        self._is_interrupted = not is_done
        now = self._clock.monotonic()
        self._shards.note(now - began, max(began - self._last_sent_at, _LOOK_SECONDS), is_behind=self._is_cut)
        self._metrics.shards.set(self._shards.count)
        self._last_sent_at = now
        return is_done

    def _ack(self, found: Sequence[Rows], read_ms: int) -> None:
        self._reader.ack()
        self._metrics.pending.set(0)
        for rows in found:
            if not len(rows.layout):
                self.sent_until.pop(rows.source, None)
        if not self._is_cut:
            self._complete_ms = read_ms

    async def _gather(self) -> Sequence[Rows]:
        """Return what is new, once it is enough for a request or has waited for long enough."""
        queue = self.section.queue_config
        loop = asyncio.get_running_loop()
        pause = min(_LOOK_SECONDS, queue.batch_send_deadline.seconds)
        ends_at = loop.time() + queue.batch_send_deadline.seconds
        if not self._is_cut:
            # Rounds a moment apart would cost more, each of them looks at every source.
            await self._sleep(self._read_at + pause - loop.time())
        while True:
            most = queue.capacity * queue.max_shards // self._row_samples
            most = min(max(most, _LEAST_ROWS), _MOST_ROWS)
            found = self._reader.read(most)
            count, samples = sum(len(rows.times) for rows in found), samples_in(found)
            self._row_samples = max(1, samples // max(count, 1))
            self._is_cut = count >= most
            self._read_at = loop.time()
            left = ends_at - self._read_at
            if samples >= queue.max_samples_per_send or left <= 0 or self._changed.is_set():
                return found
            await self._sleep(min(left, pause))

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _adopt(self) -> None:
        """Go over to what `configure` has said."""
        if not self.is_ending:
            self._changed.clear()
        if self._wanted is None:
            return
        (section, transform), self._wanted = self._wanted, None
        self.section, self._transform = section, transform
        self._restart_reading()
        self._shards.configure(section.queue_config)
        self._metadata.configure(section)

    def _make_encoder(self) -> Encoder:
        section = self.section
        most = section.queue_config.max_samples_per_send
        return Encoder(MESSAGES[section.protobuf_message], self._transform, most)

    def _shift(self, by_ms: int) -> None:
        """The clock was set, and the store has moved its samples."""
        self._encoder.shift(by_ms)
        for source in self.sent_until:
            self.sent_until[source] += by_ms

    async def _fill_lost(self, found: Sequence[Rows]) -> bool:
        """Send from the history what the store has dropped before it was read; whether all of it was sent."""
        gaps = {
            # Of a source that has gone nothing tells whether all of it was read.
            rows.source: (
                self.sent_until.get(rows.source, self._complete_ms),
                rows.times[0] if len(rows.layout) else self._now_ms + 1,
            )
            for rows in found
            if rows.lost_rows or not len(rows.layout)
        }
        before = self._history.rows_read if self._history else 0
        if gaps and not await self._fill(Gaps(gaps)):
            return False
        lost = sum(rows.lost_rows for rows in found)
        recovered = self._history.rows_read - before if self._history else 0
        if recovered < lost:
            missing = sum(rows.lost_rows * len(rows.layout) for rows in found) * (lost - recovered) // lost
            self._metrics.lost.inc(missing)
            _log.error(
                "samples had left memory before a receiver of remote write took them",
                remote_name=self.section.shown_name,
                samples=missing,
            )
        return True

    def _in_order(self, rows: Rows) -> Rows:
        """Return rows; the end of a source after what the history had of it."""
        sent_ms = self.sent_until.get(rows.source, 0)
        if len(rows.layout) or rows.times[0] > sent_ms:
            return rows
        return replace(rows, times=array("q", [sent_ms + 1]))

    async def _fill(self, gaps: Gaps) -> bool:
        """Send what the history has of these gaps; whether all of it was sent."""
        history = self._history
        if history is None or gaps.span is None:
            return True
        try:
            return await self._send(lambda wants: history.read(gaps, wants))
        finally:
            history.forget()

    async def _send(self, read: Callable[[Callable[[str], bool]], Iterator[Rows]]) -> bool:
        """Send these rows, of all sources; whether everything was."""
        limit = self.section.queue_config.sample_age_limit
        oldest_ms = self._now_ms - limit.milliseconds if limit else 0
        encoder = self._encoder
        old_before = encoder.too_old_samples

        async def work(wants: Callable[[str], bool]) -> bool:
            requests = encoder.requests(read(wants), oldest_ms)
            loop = asyncio.get_running_loop()
            while (request := await loop.run_in_executor(self._thread, next, requests, None)) is not None:
                if request.samples and not await self._delivery.deliver(request):
                    return False
                self.sent_until.update(request.sent_until)
            return True

        is_done = await self._shards.run(work)
        self._metrics.too_old.inc(encoder.too_old_samples - old_before)
        return is_done


def samples_in(found: Sequence[Rows]) -> int:
    """Return how many samples rows have at most: as if all of their series had a value."""
    return sum(len(rows.times) * len(rows.layout) for rows in found)
