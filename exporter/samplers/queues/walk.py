"""A walk through the keyspace that brings back the keys under the frameworks' signposts.

The server filters by type and glob (`SCAN … TYPE`, since Redis 6), so that the keys of single jobs never
cross the wire. All filters step on together, one round trip per step. Source:
https://redis.io/docs/latest/commands/scan/.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.connection import Command
from exporter.errors import ReplyError
from exporter.samplers.queues.base import Framework, Sightings, Signpost
from exporter.samplers.queues.replies import items, names, text
from exporter.samplers.queues.steps import Exchange

# Keys per filter and step: a step of all filters keeps the server for about a millisecond.
_STEP_KEYS: Final = 300
# Keys under one framework's signposts; a keyspace with more of them is no set of queues.
_MAX_SIGHTINGS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to walk: at full speed for so many seconds, then resting after each step for `rest` times as
    long as it took."""

    sprint_seconds: float = 2.0
    rest: float = 4.0


@dataclass(slots=True)
class _Filter:
    """One SCAN under way."""

    type: str
    glob: bytes
    cursor: bytes = b"0"
    is_done: bool = False

    def command(self, with_type: bool) -> Command:
        match = () if self.glob == b"*" else ("MATCH", self.glob)
        of_type = ("TYPE", self.type) if with_type else ()
        return ("SCAN", self.cursor, *match, *of_type, "COUNT", _STEP_KEYS)


class Walk:
    """One walk through one database. `dropped` counts keys beyond what a framework may bring back."""

    def __init__(
        self,
        frameworks: Sequence[Framework],
        exchange: Exchange,
        *,
        pace: Pace,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.dropped = 0
        self._frameworks = frameworks
        self._exchange = exchange
        self._pace = pace
        self._sleep = sleep
        self._with_type = True
        self._found: dict[str, dict[str, dict[bytes, None]]] = {
            framework.name: {} for framework in frameworks
        }

    async def run(self, database: int | None) -> Mapping[str, Sightings]:
        """Walk from end to end; `database` is selected with each step unless it is None.

        The sightings stand under the frameworks' names. Raises `TargetError`, and `ReplyError` where the
        server does not let us SCAN.
        """
        filters = _filters(self._frameworks)
        started = time.monotonic()
        while left := [one for one in filters if not one.is_done]:
            took = await self._step(left, database)
            if time.monotonic() - started > self._pace.sprint_seconds:
                await self._sleep(took * self._pace.rest)
        return {
            name: Sightings({type_name: list(keys) for type_name, keys in found.items()})
            for name, found in self._found.items()
        }

    async def _step(self, filters: Sequence[_Filter], database: int | None) -> float:
        select: list[Command] = [] if database is None else [("SELECT", database)]
        began = time.monotonic()
        with_type = self._with_type
        commands = [one.command(with_type) for one in filters]
        replies = (await self._exchange([*select, *commands]))[len(select) :]
        took = time.monotonic() - began
        for one, reply in zip(filters, replies, strict=True):
            if isinstance(reply, ReplyError):
                self._refused(reply, with_type)
                continue
            cursor, keys = items(reply)
            one.cursor, one.is_done = cursor, cursor == b"0"
            found = names(keys)
            if found:
                await self._sort(one, found, select)
        return took

    def _refused(self, error: ReplyError, with_type: bool) -> None:
        """A server from before Redis 6 does not know TYPE: then the types are asked for key by key."""
        if not with_type or "syntax" not in str(error).lower():
            raise error
        self._with_type = False

    async def _sort(self, one: _Filter, keys: Sequence[bytes], select: list[Command]) -> None:
        """Note each key with the frameworks whose signposts it stands under."""
        posts = [
            (framework.name, post)
            for framework in self._frameworks
            for post in framework.signposts
            if post.type == one.type and (post.glob == one.glob or one.glob == b"*")
        ]
        candidates = [(key, [name for name, post in posts if post.pattern.fullmatch(key)]) for key in keys]
        candidates = [(key, claims) for key, claims in candidates if claims]
        if not self._with_type and candidates:
            asked: list[Command] = [("TYPE", key) for key, _ in candidates]
            types = (await self._exchange([*select, *asked]))[len(select) :]
            candidates = [
                candidate
                for candidate, reply in zip(candidates, types, strict=True)
                if text(reply) == one.type
            ]
        for key, claims in candidates:
            for name in claims:
                self._note(name, one.type, key)

    def _note(self, framework: str, type_name: str, key: bytes) -> None:
        keys = self._found[framework].setdefault(type_name, {})
        if len(keys) < _MAX_SIGHTINGS:
            keys[key] = None
        else:
            self.dropped += 1


def _filters(frameworks: Iterable[Framework]) -> list[_Filter]:
    """What has to be asked for all signposts: a filter without a glob makes those of its type superfluous."""
    posts: list[Signpost] = [post for framework in frameworks for post in framework.signposts]
    wanted = dict.fromkeys((post.type, post.glob) for post in posts)
    return [
        _Filter(type_name, glob)
        for type_name, glob in wanted
        if glob == b"*" or (type_name, b"*") not in wanted
    ]
