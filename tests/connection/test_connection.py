"""Connections to real servers, and to things that are none."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from exporter.connection import Connection, pack
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from tests.conftest import StartServer
from tests.servers import RealServer, free_port


def target(port: int, **options: Any) -> Target:
    return Target("t", Address("127.0.0.1", port), **options)


def fails_with(connection: Connection) -> TargetError:
    async def ask() -> TargetError:
        with pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        await connection.close()
        return caught.value

    return asyncio.run(ask())


def test_commands_and_errors_in_one_round_trip(each_server: RealServer) -> None:
    async def talk() -> list[Any]:
        connection = Connection(target(each_server.port))
        replies = await connection.pipeline([("ECHO", "a"), ("NOSUCH",), ("ECHO", b"\xff"), ("GET", 7)])
        with pytest.raises(ReplyError) as caught:
            await connection.execute("NOSUCH")
        assert caught.value.reason is Reason.UNKNOWN_COMMAND
        assert connection.connects == 1
        await connection.close()
        return replies

    replies = asyncio.run(talk())
    assert replies[0] == b"a"
    assert isinstance(replies[1], ReplyError)
    assert replies[2:] == [b"\xff", None]


def test_replies_of_all_sizes_come_to_those_who_asked(empty_server: RealServer) -> None:
    sizes = [1, 100_000, 5, 4097, 2_000_000, 0, 70_000]

    async def ask(connection: Connection, size: int) -> bool:
        letter = chr(ord("a") + size % 26)
        replies = await connection.pipeline([("ECHO", letter * size), ("ECHO", letter)])
        return [*replies] == [letter.encode() * size, letter.encode()]

    async def talk() -> None:
        connection = Connection(target(empty_server.port))
        for _ in range(3):
            assert all(await asyncio.gather(*(ask(connection, size) for size in sizes)))
            assert await ask(connection, 3)
        assert connection.connects == 1
        await connection.close()

    asyncio.run(talk())


def test_the_server_sees_our_name(empty_server: RealServer) -> None:
    async def name() -> Any:
        connection = Connection(target(empty_server.port), name="redis-vigil-x", no_touch=True)
        reply = await connection.execute("CLIENT", "GETNAME")
        await connection.close()
        return reply

    assert asyncio.run(name()) == b"redis-vigil-x"


def test_the_database_is_selected(empty_server: RealServer) -> None:
    async def ask() -> Any:
        connection = Connection(Target("t", Address("127.0.0.1", empty_server.port, database=3)))
        reply = await connection.execute("CLIENT", "INFO")
        await connection.close()
        return reply

    assert b" db=3 " in asyncio.run(ask())


def test_a_closed_connection_is_noticed_while_nobody_asks(start_server: StartServer) -> None:
    server = start_server()

    async def watch() -> float:
        closed = asyncio.Event()
        connection = Connection(target(server.port), on_closed=closed.set)
        await connection.execute("PING")
        before = time.monotonic()
        server.kill()
        await asyncio.wait_for(closed.wait(), 5)
        return time.monotonic() - before

    assert asyncio.run(watch()) < 1


def test_closing_it_ourselves_is_no_news(empty_server: RealServer) -> None:
    async def close() -> list[str]:
        news: list[str] = []
        connection = Connection(target(empty_server.port), on_closed=lambda: news.append("closed"))
        await connection.execute("PING")
        await connection.close()
        await asyncio.sleep(0.05)
        return news

    assert asyncio.run(close()) == []


def test_it_comes_back_after_the_server_does(start_server: StartServer) -> None:
    server = start_server()

    async def talk() -> None:
        connection = Connection(target(server.port))
        await connection.execute("PING")
        server.restart()
        await asyncio.sleep(0.01)
        assert await connection.execute("PING") == b"PONG"
        assert connection.connects == 2
        await connection.close()

    asyncio.run(talk())


def test_a_hanging_server_costs_one_deadline(start_server: StartServer) -> None:
    server = start_server()

    async def talk() -> TargetError:
        connection = Connection(target(server.port), timeout_seconds=0.2)
        await connection.execute("PING")
        with server.paused(), pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        # What the server says late must not be taken for the answer to something else.
        assert await connection.execute("ECHO", "mine") == b"mine"
        await connection.close()
        return caught.value

    assert asyncio.run(talk()).reason is Reason.TIMEOUT


PASSWORD = "s3cret-w0rd"


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        (Credentials(), Reason.PASSWORD_REQUIRED),
        (Credentials(password=Secret("wrong-w0rd")), Reason.WRONG_PASSWORD),
        (Credentials("nobody", Secret("wrong-w0rd")), Reason.WRONG_PASSWORD),
    ],
    ids=["none", "wrong", "user"],
)
def test_refused_logins(start_each_server: StartServer, credentials: Credentials, reason: Reason) -> None:
    server = start_each_server("--requirepass", PASSWORD)
    error = fails_with(Connection(target(server.port, credentials=credentials)))
    assert error.reason is reason
    assert "w0rd" not in str(error)


def test_the_right_password(start_each_server: StartServer) -> None:
    server = start_each_server("--requirepass", PASSWORD)

    async def talk() -> Any:
        connection = Connection(target(server.port, credentials=Credentials(password=Secret(PASSWORD))))
        reply = await connection.execute("PING")
        await connection.close()
        return reply

    assert asyncio.run(talk()) == b"PONG"


def test_no_room_for_another_client(start_server: StartServer) -> None:
    server = start_server("--maxclients", "1")
    server.command("PING")
    for _ in range(20):
        error = fails_with(Connection(target(server.port)))
        assert error.reason is Reason.MAX_CLIENTS
        assert str(error).endswith("has no room for another client")


def test_who_speaks_before_being_asked_is_no_server() -> None:
    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        await reader.read()

    assert error_from(greets).reason is Reason.PROTOCOL


def test_nobody_listens_and_attempts_come_at_growing_distances() -> None:
    port = free_port()

    async def ask() -> list[float]:
        connection = Connection(target(port))
        tried: list[float] = []
        connect = connection._connect

        async def counted() -> Any:
            tried.append(time.monotonic())
            return await connect()

        connection._connect = counted  # type: ignore[method-assign]  # counts the attempts
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            with pytest.raises(TargetError) as caught:
                await connection.execute("PING")
            assert caught.value.reason is Reason.REFUSED
            assert "Connection refused" in str(caught.value)
            await asyncio.sleep(0.005)
        return tried

    tried = asyncio.run(ask())
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert 2 <= len(tried) <= 4
    assert gaps == sorted(gaps)


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def error_from(behaviour: Behaviour, **options: Any) -> TargetError:
    """What a connection makes of something that is no Redis."""

    async def ask() -> TargetError:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await behaviour(reader, writer)
            writer.transport.abort()
            done.set()

        done = asyncio.Event()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = Connection(target(port), timeout_seconds=0.3, **options)
        with pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        await connection.close()
        await asyncio.wait_for(done.wait(), 5)
        server.close()
        await asyncio.sleep(0)
        return caught.value

    return asyncio.run(ask())


async def says_hello_in_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


async def closes_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"+OK\r\n$1000\r\nhalf")
    await writer.drain()


async def never_stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"+OK\r\n$100000000\r\n")
    for _ in range(50):
        writer.write(b"x" * 100_000)
        await writer.drain()


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


@pytest.mark.parametrize(
    ("behaviour", "options", "reason"),
    [
        (says_hello_in_http, {}, Reason.PROTOCOL),
        (closes_in_the_middle, {}, Reason.CLOSED),
        (never_stops, {"max_reply_bytes": 1_000_000}, Reason.PROTOCOL),
        (says_nothing, {}, Reason.TIMEOUT),
    ],
)
def test_strange_peers(behaviour: Behaviour, options: dict[str, Any], reason: Reason) -> None:
    assert error_from(behaviour, **options).reason is reason


def test_packed_commands_are_the_protocols_bytes() -> None:
    assert pack([("GET", "ü"), ("SET", b"\xff", 1)]) == (
        b"*2\r\n$3\r\nGET\r\n$2\r\n\xc3\xbc\r\n*3\r\n$3\r\nSET\r\n$1\r\n\xff\r\n$1\r\n1\r\n"
    )
