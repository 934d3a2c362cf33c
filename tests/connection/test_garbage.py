"""Connections that end are freed at once: a cycle that has grown old is freed only by a full collection."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import uvloop

from exporter.connection.connection import Connection
from exporter.errors import TargetError
from exporter.model.target import Address, Target
from tests.connection.test_connection import target
from tests.servers import RealServer

TIMES = 10
Story = Callable[[int], Awaitable[None]]


@contextmanager
def listener(*, backlog: int | None) -> Iterator[int]:
    """A port at which nobody listens (None), or takes connections and says nothing."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        if backlog is not None:
            one.listen(backlog)
        yield one.getsockname()[1]


async def ask(connection: Connection, *command: str) -> None:
    with suppress(TargetError):
        await connection.execute(*command)


async def opened_and_closed(port: int) -> None:
    connection = Connection(target(port))
    await ask(connection, "PING")
    await ask(connection, "NOSUCH")
    await connection.close()


async def opened_by_name_and_closed(port: int) -> None:
    connection = Connection(Target("t", Address("localhost", port)))
    await ask(connection, "PING")
    await asyncio.sleep(0.01)
    await ask(connection, "PING")
    await connection.close()


async def killed(port: int) -> None:
    connection = Connection(target(port))
    await ask(connection, "PING")
    await ask(connection, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    await asyncio.sleep(0.01)
    await ask(connection, "PING")
    await connection.close()


async def timed_out(port: int) -> None:
    connection = Connection(target(port), timeout_seconds=0.01, connect_timeout_seconds=5)
    with suppress(TargetError):
        await connection.execute("PING", timeout_seconds=5)
    await ask(connection, "BLPOP", "no-such-key", "0")
    await connection.close()


async def refused(_: int) -> None:
    with listener(backlog=None) as port:
        connection = Connection(target(port))
        await ask(connection, "PING")
        # Too early for another attempt: the same error again.
        await ask(connection, "PING")
        await connection.close()


async def mute(_: int) -> None:
    with listener(backlog=10) as port:
        connection = Connection(target(port), timeout_seconds=0.02)
        await ask(connection, "PING")
        await connection.close()


@pytest.mark.parametrize(
    "story", [opened_and_closed, opened_by_name_and_closed, killed, timed_out, refused, mute]
)
def test_a_connection_that_ends_leaves_nothing_to_the_cycle_collector(
    server: RealServer, story: Story
) -> None:
    async def tell() -> int:
        # What is made once.
        await story(server.port)
        await asyncio.sleep(0.05)
        gc.collect()
        gc.disable()
        try:
            for _ in range(TIMES):
                await story(server.port)
            await asyncio.sleep(0.05)
            return gc.collect()
        finally:
            gc.enable()

    # The loop that the daemon runs on; asyncio's own leaves a transport or two behind.
    assert uvloop.run(tell()) < 2 * TIMES
