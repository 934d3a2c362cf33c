"""Opening a connection has a deadline of its own, whatever a command may take."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from exporter.connection import Connection
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, PasswordSource, Target

CONNECT_TIMEOUT_SECONDS = 0.3
# What a command may take, and by which these tests would be seen to wait for the wrong thing.
COMMAND_TIMEOUT_SECONDS = 60.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


async def never_answers(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """As a process that is stopped: the kernel accepts the connection, and nobody reads."""
    await asyncio.sleep(COMMAND_TIMEOUT_SECONDS)


async def logs_in_and_no_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"+OK\r\n")
    await asyncio.sleep(COMMAND_TIMEOUT_SECONDS)


async def answers_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Every answer is within the deadline, and all of them together are not."""
    while await reader.read(100):
        await asyncio.sleep(CONNECT_TIMEOUT_SECONDS * 0.6)
        writer.write(b"+OK\r\n")


@asynccontextmanager
async def connected(serve: Serve, credentials: Credentials, database: int = 0) -> AsyncIterator[Connection]:
    """A connection to what serves like that; both end."""
    serving: set[asyncio.Task[Any]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    address = Address("127.0.0.1", server.sockets[0].getsockname()[1], database=database)
    connection = Connection(
        Target("t", address, credentials=credentials),
        timeout_seconds=COMMAND_TIMEOUT_SECONDS,
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
    )
    yield connection
    await connection.close()
    for task in serving:
        task.cancel()
    await asyncio.wait(serving)
    server.close()
    await asyncio.sleep(0)


async def answers_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while received := await reader.read(1000):
        writer.write(b"+OK\r\n" * received.count(b"*"))


def ask(serve: Serve, credentials: Credentials, database: int = 0) -> tuple[TargetError, float]:
    """What one command says, and after how many seconds."""

    async def talk() -> tuple[TargetError, float]:
        async with connected(serve, credentials, database) as connection:
            began = time.monotonic()
            with pytest.raises(TargetError) as caught:
                await connection.execute("PING")
            return caught.value, time.monotonic() - began

    return asyncio.run(talk())


@pytest.mark.parametrize(
    ("serve", "credentials", "database"),
    [
        pytest.param(never_answers, Credentials(), 0, id="nothing but the greeting is sent"),
        pytest.param(never_answers, Credentials(password=Secret("a")), 0, id="with a password"),
        pytest.param(logs_in_and_no_more, Credentials(password=Secret("a")), 0, id="after the login"),
        pytest.param(answers_slowly, Credentials(password=Secret("a")), 1, id="bit by bit"),
    ],
)
def test_a_server_that_answers_nothing_costs_the_connect_timeout(
    serve: Serve, credentials: Credentials, database: int
) -> None:
    error, seconds = ask(serve, credentials, database)
    assert error.reason is Reason.TIMEOUT
    assert "no answer in time" in str(error)
    assert CONNECT_TIMEOUT_SECONDS * 0.9 < seconds < COMMAND_TIMEOUT_SECONDS / 3


def test_a_program_that_prints_the_password_may_take_longer() -> None:
    async def talk() -> Any:
        seconds = CONNECT_TIMEOUT_SECONDS * 2
        program = (sys.executable, "-c", f"import time; time.sleep({seconds}); print('a')")
        credentials = Credentials(source=PasswordSource(command=program))
        async with connected(answers_at_once, credentials) as connection:
            return await connection.execute("PING")

    assert asyncio.run(talk()) == b"OK"
