"""The way through one database: SCAN, and questions about the keys that it returns, in few round trips."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from exporter.connection import Command, Connection, Reply
from exporter.errors import ReplyError
from exporter.keyspace.answers import LengthCandidate, LengthRequest
from exporter.keyspace.keyspace_sample import KeyspaceSample
from exporter.keyspace.name_batch import NameBatch
from exporter.keyspace.payload import Payload
from exporter.keyspace.threads import to_thread
from exporter.sampling.keyspace_stats import KeyspaceStats
from exporter.sampling.scan import START, ScanCursor, ScanPacer

# Keys gone by the thousand: FLUSHALL, or nearly so. What was counted is no longer true.
_EMPTIED_SHARE: Final = 0.5
_EMPTIED_KEYS: Final = 1000
# Turns of the event loop until what was handed to a connection is in the socket.
_TURNS_TO_SEND: Final = 3
# A turn of the event loop in which somebody else had something to do takes longer than this.
_EMPTY_TURN_SECONDS: Final = 0.0001
_MAX_TURNS: Final = 50


class EmptiedError(Exception):
    """Most keys of the database have gone since the walk began."""


@dataclass(slots=True)
class RoundTrip:
    """One round trip: the batch and the keys whose length it asks about, and where the answers stand.

    `cursor` is that of the SCAN which returned the batch, or of the one in this step where there is none.
    """

    cursor: bytes | None
    batch: NameBatch | None
    lengths: LengthRequest | None
    payload: Payload = field(default_factory=Payload)
    size: int = 0
    scan: int = 0
    replies: Sequence[Reply] = ()


class Walk:
    """Walks through a database, from `cursor` to the end.

    One round trip carries the questions about the keys of the last SCAN step, and the next SCAN. At full
    speed the answers before are counted while the server works on it, so that both sides are busy. `cursor`
    is always that of the first keys that are not counted yet: a walk that ended half-way goes on there. It is
    None when all are counted.
    """

    def __init__(
        self,
        connection: Connection,
        sample: KeyspaceSample,
        pacer: ScanPacer,
        lookups: KeyspaceStats,
        *,
        prelude: Sequence[Command],
        cursor: bytes | None = START,
        on_names: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        self.cursor = cursor
        self.size = 0
        self._connection = connection
        self._sample = sample
        self._pacer = pacer
        self._lookups = lookups
        self._prelude = prelude
        self._on_names = on_names
        # The SCAN that comes next, ahead of `cursor` by what is not counted yet.
        self._next = ScanCursor(position=cursor)
        self._lengths: list[LengthCandidate] = []
        self._is_measured = False

    async def run(self, between: Callable[[float, int], Awaitable[None]]) -> None:
        """Walk to the end.

        `between` is called after each round trip with its seconds and the number of keys that came, and waits
        as long as is right.

        Raises `TargetError`, and then a later call goes on where this one has ended; `EmptiedError`.
        """
        self._next.position = self.cursor
        batch: NameBatch | None = None
        answered: RoundTrip | None = None
        while True:
            step = self._compose(batch)
            if step is None:
                if answered is not None:
                    self._count(answered, None)
                    answered = None
                elif not self._has_unmeasured():
                    return
                continue
            async with self._pacer.turns:
                seconds = await self._exchange(step, answered)
            answered, batch = step, None
            try:
                self._note_size(step)
                batch = self._take_names(step)
                await between(seconds, len(batch.names) if batch is not None else 0)
            except BaseException:
                self._count(answered, batch.cursor if batch is not None else self._next.position)
                raise

    def _compose(self, batch: NameBatch | None) -> RoundTrip | None:
        """The next round trip; None where nothing is left to ask."""
        candidates, self._lengths = self._lengths, []
        if batch is None and self._next.position is None and not candidates:
            return None
        lengths = LengthRequest(candidates) if candidates else None
        step = RoundTrip(batch.cursor if batch is not None else self._next.position, batch, lengths)
        payload = step.payload
        payload.add(*self._prelude)
        step.size = payload.add(("DBSIZE",)).start
        if batch is not None:
            batch.request.write(payload, self._sample.refused)
        if lengths is not None:
            lengths.write(payload)
        if self._next.position is not None:
            step.scan = payload.add(self._next.command(self._pacer.pace.batch)).start
        return step

    async def _exchange(self, step: RoundTrip, answered: RoundTrip | None) -> float:
        """Send a step and wait for its replies, and count the answers before; returns the seconds it took."""
        payload = step.payload
        exchange = asyncio.ensure_future(self._connection.timed_exchange(payload.content, payload.count))
        try:
            if self._pacer.pace.is_unlimited:
                # The commands are on their way before the counting begins.
                await _give_way(_TURNS_TO_SEND)
                self._count(answered, step.cursor)
                answered = None
                await self._tidy()
            step.replies, seconds = await exchange
            await _give_way(1)
        finally:
            exchange.cancel()
            self._count(answered, step.cursor)
        await self._tidy()
        self._check_prelude(step)
        return seconds

    async def _tidy(self) -> None:
        if self._sample.needs_tidying:
            await to_thread(self._sample.tidy)

    def _check_prelude(self, step: RoundTrip) -> None:
        for command, reply in zip(self._prelude, step.replies, strict=False):
            if isinstance(reply, ReplyError):
                raise ReplyError(reply.reason, f"{command[0]!s}: {reply}")

    def _count(self, answered: RoundTrip | None, cursor: bytes | None) -> None:
        """Count the answers of a step; those at the cursor are then the first uncounted ones."""
        if answered is None:
            return
        if answered.batch is not None:
            self._lengths += self._sample.commit(answered.batch, answered.replies)
        if answered.lengths is not None:
            self._sample.add_lengths(answered.lengths.read(answered.replies, self._lookups))
        self.cursor = cursor

    def _take_names(self, step: RoundTrip) -> NameBatch | None:
        """The keys that SCAN returned, and where it goes on."""
        position = self._next.position
        if position is None:
            return None
        names = self._next.advance(step.replies[step.scan], self._connection.target.address)
        if self._on_names is not None:
            self._on_names(names)
        return self._sample.select(position, names)

    def _note_size(self, step: RoundTrip) -> None:
        size = step.replies[step.size]
        if not isinstance(size, int):
            return
        self.size = size
        most = self._sample.most_keys
        if size < most * _EMPTIED_SHARE and most - size > _EMPTIED_KEYS:
            raise EmptiedError
        self._sample.note_size(size)

    def _has_unmeasured(self) -> bool:
        """At the end: whether the length of some of the biggest keys is still to be asked."""
        if self._is_measured:
            return False
        self._is_measured = True
        self._lengths = self._sample.unmeasured()
        return bool(self._lengths)


async def _give_way(turns: int) -> None:
    """Let everybody else go first: for so many turns of the event loop, and until one is empty."""
    for turn in range(_MAX_TURNS):
        began = perf_counter()
        await asyncio.sleep(0)
        if turn + 1 >= turns and perf_counter() - began < _EMPTY_TURN_SECONDS:
            return
