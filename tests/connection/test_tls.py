"""Connections over TLS, in front of a real server: on the loop that the daemon uses, and on Python's own."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from exporter.connection import Connection
from exporter.connection.stream import tls_context
from exporter.errors import Reason, TargetError
from exporter.model.target import Address, Target, Tls
from tests.servers import RealServer

LOOPS: tuple[Callable[[], asyncio.AbstractEventLoop], ...] = (uvloop.new_event_loop, asyncio.new_event_loop)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@asynccontextmanager
async def tls_in_front_of(
    server: RealServer, authority: trustme.CA, *, not_after: datetime | None = None
) -> AsyncIterator[int]:
    """A port that speaks TLS and hands on what it hears; the connections are cut at the end.

    Its certificate is good until `not_after`, or for long.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=not_after).configure_cert(context)
    conversations: set[asyncio.Task[Any]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pump(reader, back), pump(there, writer))
        for one in (writer, back):
            with contextlib.suppress(OSError):
                await one.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        if conversations:
            await asyncio.wait(conversations, timeout=5)


def target(port: int, **tls: Any) -> Target:
    return Target("t", Address("127.0.0.1", port, tls=True), tls=Tls(**tls))


@pytest.mark.parametrize("loop", LOOPS)
def test_replies_of_all_sizes(
    loop: Callable[[], asyncio.AbstractEventLoop],
    empty_server: RealServer,
    authority: trustme.CA,
    ca_file: Path,
) -> None:
    async def talk() -> None:
        async with tls_in_front_of(empty_server, authority) as port:
            connection = Connection(target(port, ca_file=ca_file))
            for size in (1, 3_000_000, 0, 20_000):
                assert await connection.execute("ECHO", "x" * size) == b"x" * size
            assert connection.connects == 1
            await connection.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(talk())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_connection_that_is_cut_is_noticed(
    loop: Callable[[], asyncio.AbstractEventLoop],
    empty_server: RealServer,
    authority: trustme.CA,
    ca_file: Path,
) -> None:
    async def talk() -> None:
        closed = asyncio.Event()
        async with tls_in_front_of(empty_server, authority) as port:
            connection = Connection(target(port, ca_file=ca_file), on_closed=closed.set)
            assert await connection.execute("PING") == b"PONG"
            empty_server.client.client_kill_filter(_type="normal", skipme=True)
            await asyncio.wait_for(closed.wait(), 5)
            assert await connection.execute("PING") == b"PONG"
            assert connection.connects == 2
            await connection.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(talk())


def test_a_stranger_is_not_trusted(empty_server: RealServer, authority: trustme.CA, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))

    async def talk() -> tuple[Reason, bytes]:
        async with tls_in_front_of(empty_server, authority) as port:
            connection = Connection(target(port, ca_file=other))
            with pytest.raises(TargetError) as caught:
                await connection.execute("PING")
            await connection.close()
            careless = Connection(target(port, insecure_skip_verify=True))
            reply = await careless.execute("PING")
            await careless.close()
            return caught.value.reason, reply

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(talk()) == (Reason.TLS, b"PONG")


def test_authorities_are_read_once_and_again_when_the_file_changes(ca_file: Path) -> None:
    tls = Tls(ca_file=ca_file)
    before = tls_context(tls)
    assert tls_context(Tls(ca_file=ca_file)) is before
    assert tls_context(Tls(ca_file=ca_file, insecure_skip_verify=True)).verify_mode == ssl.CERT_NONE
    assert (before.verify_mode, before.check_hostname) == (ssl.CERT_REQUIRED, True)
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    after = tls_context(tls)
    assert after is not before
    assert after.get_ca_certs() != before.get_ca_certs()
    assert tls_context(Tls()) is tls_context(Tls())
    ca_file.unlink()
    with pytest.raises(TargetError, match="cannot use the TLS files"):
        tls_context(tls)
