"""Walks through the keyspace in bounded steps, over several passes where it is large."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from exporter.config.samplers.keys import WITHIN_A_PASS, KeysSection, StreamsSection
from exporter.connection import Command, Connection, Reply
from exporter.errors import ReplyError
from exporter.keyspace.condition import is_strained
from exporter.keyspace.pace import Budget, Pace
from exporter.model.key_choice import KeyChoice
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from exporter.sampling.keyed import CountingClient

_START: Final = b"0"
# The part of a pass that walks may take.
_WALK_SHARE: Final = 0.4


class Walk:
    """A walk over the keys of one pattern that is taken up again in each pass.

    `found` is what the last complete walk found, as far as it keeps names; `count` how many keys that were.
    """

    def __init__(self, choice: KeyChoice, *, batch_size: int, limit: int) -> None:
        self.choice = choice
        self.found: Sequence[bytes] = ()
        self.count: int | None = None
        self._batch_size = batch_size
        self._limit = limit
        self._cursor = _START
        # SCAN may name a key more than once; so many names are remembered at most.
        self._names: dict[bytes, None] = {}
        self._surplus = 0

    async def go_on(self, connection: Connection, budget: int, course: "Course") -> None:
        """Look at about so many keys at most, while the course lets us."""
        scanned = 0
        while scanned < budget and course.has_time:
            names = await course.step(connection, self._step)
            if names is None:
                break
            scanned += self._batch_size
            for name in names:
                if len(self._names) < self._limit:
                    self._names[name] = None
                elif name not in self._names:
                    self._surplus += 1
            if self._cursor == _START:
                self._complete()
                break

    async def _step(self, connection: Connection) -> tuple[Sequence[bytes], float]:
        scan: Command = ("SCAN", self._cursor, "MATCH", self.choice.name, "COUNT", self._batch_size)
        (selected, reply), seconds = await connection.timed_pipeline([("SELECT", self.choice.database), scan])
        for answer in (selected, reply):
            if isinstance(answer, ReplyError):
                self._restart()
                raise answer
        self._cursor, names = reply
        return [name for name in names if isinstance(name, bytes)], seconds

    def _complete(self) -> None:
        self.found = tuple(self._names)
        self.count = len(self._names) + self._surplus
        self._restart()

    def _restart(self) -> None:
        self._cursor = _START
        self._names = {}
        self._surplus = 0


class Course:
    """The walks of one pass: they take turns with everything else that walks through the keyspace, rest as
    the keyspace scan does, and end in time.

    Without `is_paced` they go on to their ends at full speed.
    """

    def __init__(self, facts: TargetFacts, pace: Pace, seconds: float, *, is_paced: bool) -> None:
        self._facts = facts
        self._pace = pace
        self._ends_at = time.monotonic() + seconds
        self._is_paced = is_paced

    @property
    def has_time(self) -> bool:
        """Whether there is time for another step."""
        return not self._is_paced or time.monotonic() < self._ends_at

    async def step(
        self,
        connection: Connection,
        step: Callable[[Connection], Awaitable[tuple[Sequence[bytes], float]]],
    ) -> Sequence[bytes] | None:
        """The names that a step brings; None where its turn does not come in time."""
        if not self._is_paced:
            names, _ = await step(connection)
            return names
        turns = self._facts.turns
        try:
            async with asyncio.timeout(max(0.0, self._ends_at - time.monotonic())):
                await turns.wait()
        except TimeoutError:
            return None
        try:
            names, seconds = await step(connection)
            self._pace.pause(seconds, 0, strained=is_strained(self._facts.server))
            turns.rest(self._pace.rest)
        finally:
            turns.end()
        return names


class Walks:
    """All walks of one sampler."""

    def __init__(
        self,
        walks: Sequence[Walk],
        context: SamplerContext[KeysSection] | SamplerContext[StreamsSection],
        max_scanned: int,
    ) -> None:
        self._walks = list(walks)
        self._context = context
        self._max_scanned = max_scanned
        self._pace = Pace(Budget())

    async def go_on(self, connection: Connection) -> None:
        """Go on with all, for a part of the pass; those that time was short for are first in the next one."""
        seconds = self._context.timeout_seconds * _WALK_SHARE
        is_paced = self._max_scanned < WITHIN_A_PASS
        course = Course(self._context.facts, self._pace, seconds, is_paced=is_paced)
        for walk in list(self._walks):
            if not course.has_time:
                break
            await walk.go_on(connection, self._max_scanned, course)
            self._walks.remove(walk)
            self._walks.append(walk)


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
