"""Requests of which somebody before the daemon could see another end, or another host, than it does."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from exporter.log import configure_logging
from exporter.web.server import WebServer, bind

_POST = b"POST /seen HTTP/1.1\r\nHost: a\r\n"
_GET = b"GET /seen HTTP/1.1\r\n"
_HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"


def _paths_seen(sent: bytes, seconds: float = 0.3) -> tuple[list[str], bytes]:
    """The paths of the requests that were taken to their end, and what was answered."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        seen.append(scope["path"])
        await PlainTextResponse("taken")(scope, receive, send)

    async def run() -> bytes:
        server = WebServer(app, bind("127.0.0.1", 0))
        server.start()
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(sent)
        answer = b""
        try:
            while part := await asyncio.wait_for(reader.read(65536), 10 if not answer else seconds):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
        writer.transport.abort()
        await server.stop()
        return answer

    answer = asyncio.run(run())
    return seen, answer


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        b"Content-Length: 0, 44\r\n\r\n",
        b"Content-Length: +3\r\n\r\nabc",
        b"Content-Length: 0_3\r\n\r\nabc",
        b"Content-Length: -3\r\n\r\nabc",
        b"Content-Length: 18446744073709551616\r\n\r\n",
        b"Content-Length : 3\r\n\r\nabc",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
        b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        b"X: b\rContent-Length: 44\r\n\r\n",
        b"X: b\r\n Content-Length: 44\r\n\r\n",
        b"X: b\nContent-Length: 0\n\n",
        b"X: b\0c\r\n\r\n",
    ],
)
def test_what_could_end_elsewhere_is_not_taken(head: bytes) -> None:
    seen, answer = _paths_seen(_POST + head + _HIDDEN)

    assert seen == []
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""


@pytest.mark.parametrize(
    "request_",
    [
        _GET + b"\r\n",
        _GET + b"Host: a\r\nHost: b\r\n\r\n",
        b"GET http://b/seen HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://a:81/seen HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /seen\r\n\r\n",
        b"GET /seen HTTP/0.9\r\n\r\n",
    ],
)
def test_a_request_is_for_one_host(request_: bytes) -> None:
    assert _paths_seen(request_)[1].startswith(b"HTTP/1.1 400")


def test_a_url_as_proxies_get_it_is_one_for_its_host() -> None:
    sent = b"GET http://A:80/seen?http://b HTTP/1.1\r\nHost: a:80\r\n\r\n" + _GET + b"Host: a\r\n\r\n"
    assert _paths_seen(sent)[0] == ["/seen", "/seen"]
    assert _paths_seen(b"GET /seen?http://b HTTP/1.1\r\nHost: a\r\n\r\n")[0] == ["/seen"]


def test_what_a_client_expects_besides_a_go_ahead_is_not_done() -> None:
    seen, answer = _paths_seen(_POST + b"Expect: 200-maybe\r\nContent-Length: 1\r\n\r\na")
    assert (seen, answer[:12]) == ([], b"HTTP/1.1 417")


def test_old_clients_name_no_host() -> None:
    assert _paths_seen(b"GET /seen HTTP/1.0\r\n\r\n")[0] == ["/seen"]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_a_client_that_would_like_another_protocol_gets_this_one(protocol: bytes) -> None:
    upgrade = b"Host: a\r\nConnection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"

    seen, answer = _paths_seen(_GET + upgrade)

    assert seen == ["/seen"]
    assert answer.startswith(b"HTTP/1.1 200")


_UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"


@pytest.mark.parametrize("filling", range(300, 600, 7))
def test_the_body_of_an_upgrade_is_no_request(filling: int) -> None:
    head = _POST + _UPGRADE + b"X: " + b"x" * filling + b"\r\n"
    for body in (
        b"Content-Length: %d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(_HIDDEN) + _HIDDEN + b"\r\n0\r\n\r\n",
    ):
        seen, answer = _paths_seen(head + body)
        assert "/hidden" not in seen
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_an_upgrade_is_the_last_request() -> None:
    head = _GET + b"Host: a\r\n" + _UPGRADE + b"X: " + b"x" * 600 + b"\r\n\r\n"

    seen, answer = _paths_seen(head + _HIDDEN)

    assert seen == ["/seen"]
    assert b"connection: close" in answer


def test_requests_in_one_packet_are_answered_in_order() -> None:
    again = b"GET /again HTTP/1.1\r\nHost: a\r\n\r\n"

    seen, answer = _paths_seen(_POST + b"Content-Length: 3\r\n\r\nabc" + again)

    assert seen == ["/seen", "/again"]
    assert answer.count(b"HTTP/1.1 200") == 2


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Lines as the daemon would write them."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    handlers, level, of_uvicorn = root.handlers[:], root.level, uvicorn.level
    configure_logging()
    yield capsys
    root.handlers[:] = handlers
    root.setLevel(level)
    uvicorn.setLevel(of_uvicorn)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        _POST + b"Content-Length: 9\r\n\r\nabc",
        _GET + b"Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
def test_nobody_writes_into_the_log_by_asking(sent: bytes, logged: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await Request(scope, receive).body()
            await PlainTextResponse("taken")(scope, receive, send)

        server = WebServer(app, bind("127.0.0.1", 0))
        server.start()
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(sent)
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        assert server.connections == 0
        await server.stop()

    asyncio.run(run())

    assert logged.readouterr().err == ""
