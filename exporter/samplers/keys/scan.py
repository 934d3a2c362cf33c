"""Walks through the keyspace in bounded steps, over several passes where it is large."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from exporter.connection import Command, Connection, Reply
from exporter.errors import ReplyError
from exporter.model.key_choice import KeyChoice

_START: Final = b"0"


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

    async def go_on(self, connection: Connection, budget: int) -> int:
        """Look at about so many keys at most; returns how many that were."""
        scanned = 0
        while scanned < budget:
            scanned += self._batch_size
            names, self._cursor = await self._step(connection)
            for name in names:
                if len(self._names) < self._limit:
                    self._names[name] = None
                elif name not in self._names:
                    self._surplus += 1
            if self._cursor == _START:
                self._complete()
                break
        return scanned

    async def _step(self, connection: Connection) -> tuple[Sequence[bytes], bytes]:
        scan: Command = ("SCAN", self._cursor, "MATCH", self.choice.name, "COUNT", self._batch_size)
        selected, reply = await connection.pipeline([("SELECT", self.choice.database), scan])
        for answer in (selected, reply):
            if isinstance(answer, ReplyError):
                self._restart()
                raise answer
        cursor, names = reply
        return [name for name in names if isinstance(name, bytes)], cursor

    def _complete(self) -> None:
        self.found = tuple(self._names)
        self.count = len(self._names) + self._surplus
        self._restart()

    def _restart(self) -> None:
        self._cursor = _START
        self._names = {}
        self._surplus = 0


async def ask_keys(
    connection: Connection,
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
