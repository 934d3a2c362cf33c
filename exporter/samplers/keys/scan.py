"""Scans for the keys that patterns of the configuration match, over several passes where there are many."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final

from exporter.config.samplers.keys import WITHIN_A_PASS, KeysSection, StreamsSection
from exporter.connection import Command, Connection, Reply
from exporter.errors import ReplyError
from exporter.keyspace.condition import is_strained
from exporter.model.key_choice import KeyChoice
from exporter.sampling.base import SamplerContext
from exporter.sampling.keyed import CountingClient
from exporter.sampling.pace import Budget, Pace
from exporter.sampling.scan import ScanCursor, ScanPacer, scan
from exporter.sampling.turns import Turns

# The part of a pass that scans may take.
_SCAN_RATIO: Final = 0.4


class PatternScan:
    """The keys of one pattern, by a scan that each pass resumes.

    `found` holds the keys that the last complete scan found, at most `limit`; `count` how many there were,
    None before the first.
    """

    def __init__(self, choice: KeyChoice, *, batch_size: int, limit: int) -> None:
        self.choice = choice
        self.found: Sequence[bytes] = ()
        self.count: int | None = None
        self._batch_size = batch_size
        self._limit = limit
        self._cursor = ScanCursor(match=choice.name)
        # SCAN may name a key more than once; so many names are remembered at most.
        self._names: dict[bytes, None] = {}
        self._surplus = 0

    async def resume(self, connection: Connection, max_scanned: int, pacer: ScanPacer) -> None:
        """Look at about so many keys at most, for as long as the pacer has time.

        Raises `ReplyError` where the server refuses that; the next call then begins another scan.
        """
        scanned = 0
        prelude: Sequence[Command] = [("SELECT", self.choice.database)]
        try:
            batches = scan(connection, self._cursor, pacer, prelude=prelude, count=self._batch_size)
            async with aclosing(batches):
                async for names in batches:
                    self._add(names)
                    scanned += self._batch_size
                    if scanned >= max_scanned:
                        break
        except ReplyError:
            self._restart()
            raise
        if self._cursor.position is None:
            self.found = tuple(self._names)
            self.count = len(self._names) + self._surplus
            self._restart()

    def _add(self, names: Sequence[bytes]) -> None:
        for name in names:
            if len(self._names) < self._limit:
                self._names[name] = None
            elif name not in self._names:
                self._surplus += 1

    def _restart(self) -> None:
        self._cursor.restart()
        self._names = {}
        self._surplus = 0


class PatternScans:
    """All scans of one sampler.

    They take turns with everything else that scans the server, rest as the keyspace scan does, and end in
    time; or, where `max_scanned` is WITHIN_A_PASS, go on to their ends at full speed.
    """

    def __init__(
        self,
        scans: Sequence[PatternScan],
        context: SamplerContext[KeysSection] | SamplerContext[StreamsSection],
        max_scanned: int,
    ) -> None:
        self._scans = list(scans)
        self._context = context
        self._max_scanned = max_scanned
        self._pace = Pace(Budget())

    async def resume(self, connection: Connection) -> None:
        """Resume all, for a part of the pass; those that time was short for are first in the next one."""
        pacer = self._pacer()
        for one in list(self._scans):
            if not pacer.has_time:
                break
            await one.resume(connection, self._max_scanned, pacer)
            self._scans.remove(one)
            self._scans.append(one)

    def _pacer(self) -> ScanPacer:
        if self._max_scanned >= WITHIN_A_PASS:
            return ScanPacer(Pace(Budget(share=None)), Turns(), lambda: False)
        facts = self._context.facts
        deadline = time.monotonic() + self._context.timeout_seconds * _SCAN_RATIO
        return ScanPacer(self._pace, facts.turns, lambda: is_strained(facts.server), deadline=deadline)


async def ask_keys(
    connection: CountingClient,
    database: int,
    keys: Sequence[bytes],
    commands: Callable[[bytes], Sequence[Command]],
    *,
    at_a_time: int = 200,
) -> AsyncIterator[tuple[bytes, Sequence[Reply]]]:
    """The replies to the commands of each key, some keys per round trip.

    Raises `ReplyError` where the database cannot be selected.
    """
    for start in range(0, len(keys), at_a_time):
        batch = keys[start : start + at_a_time]
        asked = [commands(key) for key in batch]
        flat = [command for group in asked for command in group]
        selected, *replies = await connection.pipeline([("SELECT", database), *flat])
        if isinstance(selected, ReplyError):
            raise selected
        for key, group in zip(batch, asked, strict=True):
            yield key, replies[: len(group)]
            replies = replies[len(group) :]
