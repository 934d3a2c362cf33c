"""Requests share connections, and what arrives over one is bounded request by request."""

import asyncio

import httpx
import pytest

from exporter.config.alertmanager.http import HttpConfig
from exporter.http_client.keep_alive import KeepAliveTransport
from exporter.http_client.transport import OVERHEAD_BYTES

_MOST_BYTES = 1000


class Server:
    """Answers request after request on each connection with what it is told."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.connections = 0
        self.cookies: list[bytes] = []
        self.tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            self.cookies += [line for line in head.split(b"\r\n") if line.lower().startswith(b"cookie")]
            writer.write(self.answer)
            await writer.drain()
        writer.close()


def ask(server: Server, times: int, *, at_once: bool = False) -> list[int]:
    """The statuses of so many requests."""

    async def play() -> list[int]:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        transport = KeepAliveTransport(
            HttpConfig(), "receivers", timeout_seconds=20, most_bytes=_MOST_BYTES, connections=3
        )
        try:
            if at_once:
                answers = await asyncio.gather(*(transport.send("POST", url, {}) for _ in range(times)))
            else:
                answers = [await transport.send("POST", url, {}) for _ in range(times)]
            return [answer.status for answer in answers]
        finally:
            await transport.close()
            listener.close()
            await asyncio.gather(*(task for task in server.tasks if task), return_exceptions=True)

    return asyncio.run(play())


def test_one_connection_serves_many_requests_and_remembers_nothing() -> None:
    server = Server(b"HTTP/1.1 204 X\r\nSet-Cookie: a=b\r\n\r\n")
    assert ask(server, 20) == [204] * 20
    assert server.connections == 1
    assert server.cookies == []


def test_requests_at_a_time_have_connections_of_their_own_up_to_a_bound() -> None:
    server = Server(b"HTTP/1.1 204 X\r\n\r\n")
    assert ask(server, 30, at_once=True) == [204] * 30
    assert server.connections <= 3


def test_the_bound_on_what_arrives_holds_for_each_request() -> None:
    body = b"x" * _MOST_BYTES
    server = Server(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    count = OVERHEAD_BYTES // len(body) + 100
    assert ask(server, count) == [200] * count
    assert server.connections == 1


def test_a_flood_ends_the_request() -> None:
    server = Server(b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000)
    with pytest.raises(httpx.RemoteProtocolError, match="too long"):
        ask(server, 1)
