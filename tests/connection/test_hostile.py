"""Replies that never end, or are huge: who asked is told why, and the event loop goes on meanwhile."""

import asyncio
import time

import pytest

from exporter.connection import Connection
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from tests.hostile import HostileServer

ENDLESS = {
    "endless array": "elements",
    "endless nesting": "",
    "endless line": "does not end",
    "endless text": "too large",
    "map of maps": "Redis protocol",
    "pushed": "RESP2",
    "negative length": "Redis protocol",
}


def connection_to(server: HostileServer, password: str = "") -> Connection:
    credentials = Credentials("", Secret(password))
    target = Target("t", Address("127.0.0.1", server.port), credentials)
    return Connection(target, timeout_seconds=10.0)


@pytest.mark.parametrize(("kind", "words"), ENDLESS.items())
def test_a_reply_that_does_not_end_has_a_reason(kind: str, words: str) -> None:
    async def ask(server: HostileServer) -> TargetError:
        connection = connection_to(server)
        with pytest.raises(TargetError) as caught:
            await connection.execute("INFO")
        await connection.close()
        return caught.value

    with HostileServer(kind) as server:
        error = asyncio.run(ask(server))
    assert error.reason is Reason.PROTOCOL
    assert words in str(error)


def test_so_does_one_to_the_login() -> None:
    async def ask(server: HostileServer) -> TargetError:
        connection = connection_to(server, password="hunter2")
        with pytest.raises(TargetError) as caught:
            await connection.execute("INFO")
        await connection.close()
        return caught.value

    with HostileServer("endless arrays to all") as server:
        error = asyncio.run(ask(server))
    assert error.reason is Reason.PROTOCOL
    assert "elements" in str(error)


def test_the_loop_goes_on_while_long_replies_are_read() -> None:
    """Thirty connections read a quarter of a million elements each, and a timer is kept all the time."""

    async def story(server: HostileServer) -> tuple[float, int]:
        connections = [connection_to(server) for _ in range(30)]
        asked = [asyncio.create_task(one.execute("SCAN", "0")) for one in connections]
        longest, ticks = 0.0, 0
        until = time.monotonic() + 3
        while time.monotonic() < until and not all(one.done() for one in asked):
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)
            ticks += 1
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        for connection in connections:
            await connection.close()
        return longest, ticks

    with HostileServer("many keys at once") as server:
        longest, ticks = asyncio.run(story(server))
    # In CPU time, and with the garbage collector's share of a test process.
    assert longest < 0.25
    assert ticks > 100


def test_what_came_before_the_end_is_read_before_it() -> None:
    async def story(port: int) -> object:
        connection = Connection(Target("t", Address("127.0.0.1", port)), timeout_seconds=10.0)
        reply = await connection.execute("GET", "k")
        await connection.close()
        return reply

    async def run() -> object:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                if b"GET" in data:
                    writer.write(b"$3000000\r\n" + b"x" * 3_000_000 + b"\r\n")
                    writer.close()
                    return
                writer.write(b"+OK\r\n")

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            return await story(server.sockets[0].getsockname()[1])

    assert asyncio.run(run()) == b"x" * 3_000_000
