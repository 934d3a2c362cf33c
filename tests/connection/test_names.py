"""Names of hosts: looked up again, moved, ambiguous, unknown, with a resolver that fails or hangs."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from exporter.connection import Connection
from exporter.connection.names import Name
from exporter.errors import Reason, TargetError
from exporter.model.target import Address, Target
from tests.conftest import StartServer
from tests.resolver import Resolver, resolve_by
from tests.servers import RealServer, free_port

SOON = 0.05
FIRST, SECOND = "127.0.0.1", "127.0.0.2"


def named(port: int) -> Target:
    return Target("cache", Address("cache", port))


@pytest.fixture
def pair(start_server: StartServer) -> tuple[RealServer, RealServer]:
    """Two servers that listen on the same port of two addresses."""
    port = free_port()
    return start_server(host=FIRST, port=port), start_server(host=SECOND, port=port)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """`cache` stands for the first address."""
    return resolve_by(monkeypatch, look_up_seconds=SOON, cache=(FIRST,))


async def run_id(connection: Connection) -> str:
    text: str = (await connection.execute("INFO", "server")).decode()
    return next(line[7:] for line in text.splitlines() if line.startswith("run_id:"))


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_name_that_is_given_another_address(
    pair: tuple[RealServer, RealServer], resolver: Resolver
) -> None:
    port, (old, new) = pair[0].port, [one.client.info("server")["run_id"] for one in pair]

    async def story() -> None:
        both = [Connection(named(port)) for _ in range(2)]
        closes: list[None] = []
        watched = Connection(named(port), on_closed=lambda: closes.append(None))
        for one in (*both, watched):
            assert await run_id(one) == old
        resolver.addresses["cache"] = (SECOND,)
        for one in (*both, watched):
            # No question fails meanwhile.
            await eventually(partial(answers, one, new))
            assert one.connects == 2
        assert closes == []
        assert all(
            len(server.client.client_list()) == count for server, count in zip(pair, (1, 4), strict=True)
        )
        for one in (*both, watched):
            await one.close()

    async def answers(connection: Connection, wanted: str) -> bool:
        return await run_id(connection) == wanted

    asyncio.run(story())


def test_a_question_under_way_is_answered_by_whom_it_was_asked(
    pair: tuple[RealServer, RealServer], resolver: Resolver
) -> None:
    async def story() -> None:
        connection = Connection(named(pair[0].port))
        await connection.execute("PING")
        resolver.addresses["cache"] = (SECOND,)
        await asyncio.sleep(2 * SOON)
        asked = asyncio.create_task(connection.execute("BLPOP", "nothing", 0.5))
        await asyncio.sleep(0.2)
        assert pair[1].client.info("clients")["connected_clients"] == 2
        assert await asked is None
        await connection.execute("SET", "here", 1)
        assert (pair[0].client.exists("here"), pair[1].client.exists("here")) == (0, 1)
        await connection.close()

    asyncio.run(story())


def test_who_just_listens_is_told_that_the_host_has_moved(
    pair: tuple[RealServer, RealServer], resolver: Resolver
) -> None:
    async def story() -> None:
        connection = Connection(named(pair[0].port))
        await connection.execute("SUBSCRIBE", "news")
        resolver.addresses["cache"] = (SECOND,)
        with pytest.raises(TargetError) as caught:
            await listen(connection)
        assert caught.value.reason is Reason.CLOSED
        await connection.close()

    async def listen(connection: Connection) -> None:
        while True:
            pair[0].client.publish("news", "old")
            await connection.exchange(b"", 1, timeout_seconds=5)
            await asyncio.sleep(0.01)

    asyncio.run(story())


def test_of_several_addresses_all_connections_take_one_that_answers(
    pair: tuple[RealServer, RealServer], resolver: Resolver
) -> None:
    pair[0].stop()
    resolver.addresses["cache"] = (FIRST, SECOND)

    async def story() -> None:
        connection = Connection(named(pair[1].port))
        ours = await run_id(connection)
        assert ours == pair[1].client.info("server")["run_id"]
        pair[0].start()
        other = Connection(named(pair[1].port))
        assert await run_id(other) == ours
        resolver.addresses["cache"] = (SECOND, FIRST)
        await asyncio.sleep(3 * SOON)
        for one in (connection, other):
            assert await run_id(one) == ours
            assert one.connects == 1
            await one.close()

    asyncio.run(story())


def test_where_nobody_answers_at_the_new_address_it_is_told_after_some_attempts(
    start_server: StartServer, resolver: Resolver
) -> None:
    server = start_server()

    async def story() -> None:
        closed = asyncio.Event()
        connection = Connection(named(server.port), on_closed=closed.set)
        await connection.execute("PING")
        resolver.addresses["cache"] = ("127.0.0.3",)
        with pytest.raises(TargetError) as caught:
            await use(connection)
        assert caught.value.reason is Reason.REFUSED
        assert closed.is_set()
        # The first look, and two more after a pause.
        assert len(resolver.asked) >= 4
        await connection.close()

    async def use(connection: Connection) -> None:
        while True:
            await connection.execute("PING")
            await asyncio.sleep(0.01)

    asyncio.run(story())


@pytest.mark.parametrize("fails", [socket.EAI_AGAIN, socket.EAI_NONAME])
def test_a_resolver_that_fails_costs_no_connection(
    start_server: StartServer, resolver: Resolver, fails: int
) -> None:
    server = start_server()

    async def story() -> None:
        connection = Connection(named(server.port))
        await connection.execute("PING")
        resolver.fails = fails
        for _ in range(10):
            await asyncio.sleep(SOON)
            assert await connection.execute("PING") == b"PONG"
        assert (connection.connects, len(resolver.asked) > 3) == (1, True)
        await connection.close()

    asyncio.run(story())


def test_a_resolver_that_hangs_costs_nothing_but_what_it_alone_knows(
    start_server: StartServer, resolver: Resolver
) -> None:
    server = start_server()

    async def story() -> None:
        connection = Connection(named(server.port), timeout_seconds=2)
        await connection.execute("PING")
        with resolver.hanging():
            for _ in range(10):
                await asyncio.sleep(SOON)
                began = time.monotonic()
                assert await connection.execute("PING") == b"PONG"
                assert time.monotonic() - began < 0.5
            server.client.client_kill_filter(_type="normal", skipme=True)
            # By the address that was known.
            await eventually(lambda: pinged(connection))
            stranger = Connection(Target("x", Address("stranger", server.port)), timeout_seconds=1)
            with pytest.raises(TargetError) as caught:
                await stranger.execute("PING")
            assert caught.value.reason is Reason.UNKNOWN_HOST
            assert "the name server does not answer" in str(caught.value)
            # What else needs a thread has one.
            await asyncio.wait_for(asyncio.to_thread(time.time), 1)
        for one in (connection, stranger):
            await one.close()

    async def pinged(connection: Connection) -> bool:
        try:
            return bool(await connection.execute("PING") == b"PONG")
        except TargetError:
            return False

    asyncio.run(story())


def test_a_process_does_not_wait_for_a_resolver_that_hangs() -> None:
    script = """
import asyncio, time
from exporter.connection import names
names.look_up = lambda host: time.sleep(60)
async def main():
    try:
        await asyncio.wait_for(names.name_of("h").look_up(), 0.1)
    except TimeoutError:
        print("gave up")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "gave up\n")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70, "a..b"])
def test_a_host_that_there_is_not(host: str) -> None:
    async def ask() -> TargetError:
        connection = Connection(Target("x", Address(host, 6379)))
        with pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        await connection.close()
        return caught.value

    error = asyncio.run(ask())
    assert error.reason is Reason.UNKNOWN_HOST
    assert str(error).startswith(f"redis://{host}:6379: ")


def test_addresses_are_not_looked_up(start_server: StartServer, resolver: Resolver) -> None:
    server = start_server()

    async def story() -> None:
        connection = Connection(Target("x", Address(FIRST, server.port)))
        for _ in range(5):
            await connection.execute("PING")
            await asyncio.sleep(SOON)
        await connection.close()

    asyncio.run(story())
    assert resolver.asked == []


def test_a_name_that_stands_for_several_servers_in_turn_is_not_chased() -> None:
    name = Name("readers")
    answers = ["1", "2", "1", "2", "3", "1"]
    for minute, address in enumerate(answers):
        name.note((address,), 60.0 * minute)
    assert [name.has_left(address) for address in ("1", "2", "3", "9")] == [False, False, False, True]
    for minute in range(6, 17):
        name.note(("1",), 60.0 * minute)
    assert name.has_left("2")


def test_a_name_that_moves_there_and_back_is_followed() -> None:
    name = Name("primary")
    for at, address in ((0.0, "1"), (60.0, "2"), (120.0, "1")):
        name.note((address,), at)
    assert (name.has_left("2"), name.has_left("1")) == (True, False)
