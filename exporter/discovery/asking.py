"""Asking one of several servers of which any will do."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from exporter.connection import Connection
from exporter.errors import DiscoveryError, TargetError
from exporter.model.target import Target

AnswerT = TypeVar("AnswerT")
_TIMEOUT_SECONDS = 5.0


async def ask_any(servers: Sequence[Target], ask: Callable[[Connection], Awaitable[AnswerT]]) -> AnswerT:
    """The first answer; raises `DiscoveryError` with the last error where nobody answers."""
    failure = "there is nobody to ask"
    for server in servers:
        connection = Connection(server, timeout_seconds=_TIMEOUT_SECONDS, name="redis-vigil-discovery")
        try:
            return await ask(connection)
        except TargetError as error:
            failure = str(error)
        finally:
            await connection.close()
    raise DiscoveryError(failure)


def text(value: object) -> str:
    """A reply's bytes as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
