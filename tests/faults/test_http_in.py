"""Connections that would take memory, time or descriptors without a password."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.web import protocol
from exporter.web.server import ListenError, WebServer, bind


async def _length(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


async def _ask(port: int, data: bytes, chunks: int = 1) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for _ in range(chunks):
            writer.write(data)
            await writer.drain()
        return await asyncio.wait_for(reader.read(65536), 20)
    except ConnectionError:
        return b"closed"
    finally:
        writer.transport.abort()


def _serve(client: Callable[[WebServer], Awaitable[None]], app: ASGIApp = _length) -> None:
    async def run() -> None:
        server = WebServer(app, bind("127.0.0.1", 0))
        server.start()
        try:
            await client(server)
        finally:
            await server.stop()

    asyncio.run(run())


_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 414"),
        (_HEAD + b"X: " + b"a" * 17_000 + b"\r\n\r\n", b"HTTP/1.1 431"),
        (_HEAD + b"X: aaaaaaaaaaaaaaaa\r\n" * 4_000 + b"\r\n", b"HTTP/1.1 431"),
        (_POST + b"Content-Length: 2000000\r\n\r\n", b"HTTP/1.1 413"),
        (
            _POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"a" * 4096 + b"\r\n" * 300,
            b"HTTP/1.1 400",
        ),
        (
            _POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 300,
            b"HTTP/1.1 413",
        ),
        (_HEAD + b"X: " + b"a" * 15_000 + b"\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200"),
        (_POST + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc", b"HTTP/1.1 200"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
    ],
)
def test_sizes_are_bounded(data: bytes, answer: bytes) -> None:
    async def client(server: WebServer) -> None:
        port = server.address[1]
        assert (await _ask(port, data)).startswith(answer)

    _serve(client)


@pytest.mark.parametrize(
    "begin",
    [
        _HEAD + b"X: ",
        b"GET /",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
)
def test_what_does_not_end_is_cut(begin: bytes) -> None:
    async def client(server: WebServer) -> None:
        port = server.address[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin)
        sent = 0
        try:
            while sent < 50_000_000:
                writer.write(b"a" * 65536)
                await writer.drain()
                sent += 65536
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        assert sent < 10_000_000
        writer.transport.abort()

    _serve(client)


@pytest.mark.parametrize("begin", [b"", b"\r\n", _HEAD, _POST + b"Content-Length: 9\r\n\r\na"])
def test_what_does_not_come_is_not_waited_for(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.2)

    async def client(server: WebServer) -> None:
        port = server.address[1]
        assert await _ask(port, begin) in (b"", b"closed")

    _serve(client)


@pytest.mark.parametrize(
    ("begin", "drop"),
    [(_HEAD, b"X: a\r\n"), (b"GET /", b"a"), (_POST + b"Content-Length: 999\r\n\r\n", b"a")],
)
def test_what_comes_by_drops_ends_at_the_same_time(
    begin: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.4)

    async def client(server: WebServer) -> None:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(begin)
        end = asyncio.create_task(reader.read())
        for _ in range(200):
            if end.done():
                break
            writer.write(drop)
            await asyncio.sleep(0.05)
        assert end.done()
        assert server.refused[408] == 1
        with contextlib.suppress(ConnectionError):
            assert await end == b""
        writer.transport.abort()

    _serve(client)


def test_connections_beyond_the_cap_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 3)

    async def client(server: WebServer) -> None:
        port = server.address[1]
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert (await _ask(port, b"")).startswith(b"HTTP/1.1 503")
        await asyncio.sleep(0.1)
        assert (server.connections, server.refused[503]) == (3, 1)
        for _, writer in idle:
            writer.transport.abort()
            await writer.wait_closed()
        await asyncio.sleep(0.1)
        answer = await _ask(port, _HEAD + b"Connection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")

    _serve(client)


def test_connections_leave_descriptors_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (6, 4096))

    async def client(server: WebServer) -> None:
        idle = [await asyncio.open_connection(*server.address) for _ in range(3)]
        assert (await _ask(server.address[1], b"")).startswith(b"HTTP/1.1 503")
        for _, writer in idle:
            writer.transport.abort()

    _serve(client)


async def _slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.1)
    await PlainTextResponse("slow")(scope, receive, send)


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_client_that_says_no_more_gets_its_answers(ahead: int) -> None:
    async def client(server: WebServer) -> None:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write((_HEAD + b"\r\n") * ahead)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 20)
        assert answer.count(b"HTTP/1.1 200") == answer.count(b"slow") == ahead
        writer.close()
        assert server.connections == 0

    _serve(client, _slow)


@pytest.mark.parametrize("begin", [_HEAD, _POST + b"Content-Length: 9\r\n\r\na", b""])
def test_a_client_that_says_no_more_within_a_request_is_done(begin: bytes) -> None:
    async def client(server: WebServer) -> None:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(begin)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()

    _serve(client)


def test_nothing_is_computed_for_long_for_a_client_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HALF_CLOSED_SECONDS", 0.1)
    gone = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async def client(server: WebServer) -> None:
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(_HEAD + b"\r\n")
        await writer.drain()
        writer.close()
        await asyncio.wait_for(gone.wait(), 5)

    _serve(client, endless)


def test_a_request_that_waits_when_the_daemon_ends_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def run() -> bytes:
        server = WebServer(waiting, bind("127.0.0.1", 0))
        server.start()
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(_HEAD + b"\r\n")
        await asyncio.sleep(0.1)
        await server.stop()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer

    with caplog.at_level("ERROR"):
        assert asyncio.run(run()).startswith(b"HTTP/1.1 503")
    assert "Traceback" not in caplog.text


def test_requests_sent_ahead_wait_unread_and_are_all_answered() -> None:
    ahead = 20_000

    async def client(server: WebServer) -> None:
        reader, writer = await asyncio.open_connection(*server.address, limit=1 << 24)
        sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(ahead))
        sending = asyncio.create_task(_send(writer, sent + _HEAD + b"Connection: close\r\n\r\n"))
        (connection,) = await _connections(server)
        most_waiting = 0
        answers = b""
        while part := await asyncio.wait_for(reader.read(65536), 60):
            answers += part
            most_waiting = max(most_waiting, len(connection.pipeline))
        await sending
        writer.close()
        assert answers.count(b"HTTP/1.1 200") == ahead + 1
        assert answers.rindex(b"connection: close") > answers.rindex(b"HTTP/1.1 200")
        assert 0 < most_waiting < 32

    _serve(client)


@pytest.mark.parametrize("target", [b"/", b"http://a/" + b"a" * 300, b"*"])
def test_who_reads_no_answers_is_not_read_either(target: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ANSWER_SECONDS", 1.0)
    requests = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    requests *= 10_000

    async def client(server: WebServer) -> None:
        with socket.socket() as sock:
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, server.address)
            (connection,) = await _connections(server)
            sent = 0
            with contextlib.suppress(ConnectionError):
                while sent < 200_000_000:
                    await asyncio.wait_for(loop.sock_sendall(sock, requests), 30)
                    sent += len(requests)
                    assert len(connection.pipeline) < 32
                    assert len(connection._unread) < 600_000
            assert sent < 50_000_000
            assert (server.connections, server.refused[408]) == (0, 1)

    _serve(client)


def test_an_answer_is_not_kept_for_ever_for_who_does_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ANSWER_SECONDS", 0.3)

    async def client(server: WebServer) -> None:
        _, writer = await asyncio.open_connection(*server.address, limit=1)
        (connection,) = await _connections(server)
        # An answer whose end was handed over: nobody waits for it any more.
        connection.transport.write(bytes(50_000_000))
        connection.shutdown()
        for _ in range(200):
            if not server.connections:
                break
            await asyncio.sleep(0.05)
        assert (server.connections, server.refused[408]) == (0, 1)
        writer.close()

    _serve(client)


def test_a_body_that_nobody_reads_ends_the_connection() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("no", 415)(scope, receive, send)

    async def client(server: WebServer) -> None:
        for length, is_kept in ((100_000, True), (30_000_000, False)):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(b"POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length)
            assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 415")
            with contextlib.suppress(ConnectionError):
                writer.write(b"x" * length)
                await writer.drain()
                writer.write(_HEAD + b"\r\n")
            again = b""
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                again = await asyncio.wait_for(reader.readuntil(b"no"), 20)
            assert again.startswith(b"HTTP/1.1 415") == is_kept
            writer.close()

    _serve(client, app)


async def _connections(server: WebServer) -> list[protocol.BoundedProtocol]:
    for _ in range(1000):
        if server.connections:
            break
        await asyncio.sleep(0.01)
    return list(server._server.server_state.connections)  # type: ignore[arg-type]


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def test_nobody_waits_for_a_daemon_that_is_starting() -> None:
    async def run() -> None:
        listener = bind("127.0.0.1", 0)
        port = listener.getsockname()[1]
        server = WebServer(_length, listener)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        server.start()
        assert (await _ask(port, _HEAD + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await server.stop()

    asyncio.run(run())


def test_two_that_start_at_once_do_not_share_a_port() -> None:
    async def run() -> None:
        first = bind("127.0.0.1", 0)
        port = first.getsockname()[1]
        second = bind("127.0.0.1", port)
        server, other = WebServer(_length, first), WebServer(_length, second)
        server.start()
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            other.start()
        with pytest.raises(ListenError):
            bind("127.0.0.1", port)
        await server.stop()
        second.close()

    asyncio.run(run())


@pytest.mark.parametrize("host", ["", "::1", "127.0.0.1"])
def test_it_listens_on_one_address_or_on_all(host: str) -> None:
    async def run() -> None:
        server = WebServer(_length, bind(host, 0))
        server.start()
        for address in [host] if host else ["127.0.0.1", "::1"]:
            _, writer = await asyncio.open_connection(address, server.address[1])
            writer.close()
        await server.stop()

    asyncio.run(run())
