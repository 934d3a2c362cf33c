"""Answers of receivers, token endpoints and lists of servers that would take time, memory or secrets."""

import asyncio
import gzip
import random
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config.alertmanager.http import BasicAuth, HeaderValues, HttpConfig, OAuth2, TlsConfig
from exporter.config.discovery import HttpSection
from exporter.discovery.http import HttpSource
from exporter.errors import DiscoveryError, NotifyError
from exporter.http_client import tls
from exporter.http_client.user_agent import user_agent
from exporter.model.secret import Secret
from exporter.notify.http import HttpClient
from tests.faults.raw_server import raw_server, read_request
from tests.notify.http_listener import HttpListener, Reply, json_reply

MB = 1 << 20
Ask = Callable[[str], Awaitable[Any]]


async def post(url: str, config: HttpConfig | None = None, timeout_seconds: float = 30.0) -> str:
    """To a receiver; what it answered."""
    client = HttpClient(config or HttpConfig(), "hook", timeout_seconds=timeout_seconds, now=lambda: 0.0)
    answer = await client.post_json(url, b'{"alerts": []}')
    client.check(answer)
    return answer.text


async def ask_for_token(url: str) -> str:
    """For a token, and post with it to the same server."""
    oauth = OAuth2(client_id="me", client_secret=Secret("s"), token_url=url)
    return await post(url, HttpConfig(oauth2=oauth))


async def list_servers(url: str) -> Any:
    return await HttpSource(HttpSection.model_validate({"url": url})).find()


WAYS_OUT = pytest.mark.parametrize("ask", [post, ask_for_token, list_servers])


async def _longest_stall(done: asyncio.Task[Any]) -> float:
    """For how many seconds the loop worked at a stretch at most, until the task was done."""
    worst = 0.0
    while not done.done():
        before = time.thread_time()
        await asyncio.sleep(0.005)
        worst = max(worst, time.thread_time() - before)
    return worst


def _ask_bounded(ask: Ask, url: str) -> Awaitable[tuple[BaseException | None, float, int]]:
    """What came of asking: the error, how long the loop stood still, how much memory that took at most."""

    async def run() -> tuple[BaseException | None, float, int]:
        tracemalloc.start()
        try:
            asking = asyncio.ensure_future(ask(url))
            stall = await _longest_stall(asking)
            return asking.exception(), stall, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return run()


def _deflate(data: bytes) -> bytes:
    return zlib.compress(data, 9)


_LARGE = b" " * (256 * MB)
BOMBS = {
    "gzip": ("gzip", gzip.compress(_LARGE, 9)),
    "gzip, gzip": ("gzip, gzip", gzip.compress(gzip.compress(_LARGE, 9), 9)),
    "x-gzip": ("x-gzip", gzip.compress(_LARGE, 9)),
    "deflate": ("deflate", _deflate(_LARGE)),
    "br": ("br", b"\x5b\xff\xff\x3f" * 100),
}


@WAYS_OUT
@pytest.mark.parametrize("bomb", BOMBS)
def test_answers_that_unpack_to_gigabytes(ask: Ask, bomb: str) -> None:
    encoding, body = BOMBS[bomb]

    async def run() -> None:
        async with HttpListener(Reply(200, body, {"Content-Encoding": encoding})) as listener:
            error, stall, memory = await _ask_bounded(ask, listener.url)
            assert stall < 0.5
            assert memory < 40 * MB
            if ask is not post:
                assert isinstance(error, NotifyError | DiscoveryError)

    asyncio.run(run())


def test_the_answer_of_a_receiver_is_shown_unpacked() -> None:
    async def run() -> None:
        packed = gzip.compress(b"no such ") + gzip.compress(b"hook")
        async with HttpListener(Reply(400, packed, {"Content-Encoding": "gzip"})) as listener:
            with pytest.raises(NotifyError, match="status code 400: no such hook"):
                await post(listener.url)
            assert listener.requests[0].headers["accept-encoding"] == "gzip"

    asyncio.run(run())


_MEMBER = gzip.compress(b"[]")


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"") * 400_000,
        gzip.compress(b" ") * 100_000,
        _MEMBER[:-1],
        _MEMBER[:5],
        _MEMBER + _MEMBER[:12],
        _MEMBER + b"\0" * 512,
        _MEMBER[:-8] + b"\0" * 8,
        b"",
    ],
    ids=[
        "empty members",
        "many members",
        "cut",
        "cut head",
        "cut member",
        "something follows",
        "sum",
        "empty",
    ],
)
@pytest.mark.parametrize("ask", [ask_for_token, list_servers])
def test_answers_that_are_not_whole_gzip(ask: Ask, body: bytes) -> None:
    async def run() -> None:
        async with HttpListener(Reply(200, body, {"Content-Encoding": "gzip"})) as listener:
            error, stall, _ = await _ask_bounded(ask, listener.url)
            assert stall < 0.5
            assert isinstance(error, NotifyError | DiscoveryError)

    asyncio.run(run())


@pytest.mark.parametrize(
    "body",
    [_MEMBER, gzip.compress(b"[") + gzip.compress(b"") + gzip.compress(b"]"), gzip.compress(b"[]", 0)],
    ids=["one member", "three members", "stored"],
)
def test_a_list_of_servers_may_be_packed(body: bytes) -> None:
    async def run() -> None:
        async with HttpListener(Reply(200, body, {"Content-Encoding": "gzip"})) as listener:
            assert await list_servers(listener.url) == []

    asyncio.run(run())


def test_the_beginning_of_a_long_packed_answer_is_shown() -> None:
    text = b"no such hook " + random.Random(1).randbytes(500_000)

    async def run() -> None:
        async with HttpListener(Reply(400, gzip.compress(text), {"Content-Encoding": "gzip"})) as listener:
            with pytest.raises(NotifyError, match="status code 400: no such hook"):
                await post(listener.url)

    asyncio.run(run())


def test_authorities_are_read_once_for_all_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    make_context = tls.make_context

    def count(config: TlsConfig) -> ssl.SSLContext:
        read.append(threading.get_ident())
        return make_context(config)

    monkeypatch.setattr(tls, "make_context", count)
    tls._shared_context.cache_clear()

    async def run() -> None:
        async with HttpListener() as listener:
            await asyncio.gather(*(post(listener.url) for _ in range(5)))
            other = HttpConfig(tls_config=TlsConfig(server_name="other"))
            await post(listener.url, other)

    asyncio.run(run())
    assert len(read) == 1
    assert read[0] != threading.get_ident()


async def _endless_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def _endless_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


async def _endless_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: a\r\n" * 1000)
        await writer.drain()


async def _only_interim_answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
        await writer.drain()


async def _early_hints(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 500)
        await writer.drain()


async def _endless_chunks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n" * 1000)
        await writer.drain()


FLOODS = [
    _endless_body,
    _endless_header,
    _endless_headers,
    _only_interim_answers,
    _early_hints,
    _endless_chunks,
]


@WAYS_OUT
@pytest.mark.parametrize("flood", FLOODS)
def test_answers_without_an_end_are_given_up(ask: Ask, flood: Any) -> None:
    async def run() -> None:
        async with raw_server(flood) as server:
            async with asyncio.timeout(100):
                asking = asyncio.ensure_future(ask(server.url))
                stall = await _longest_stall(asking)
            error = asking.exception()
            assert stall < 0.5
            if ask is not post or flood not in (_endless_body, _endless_chunks):
                assert isinstance(error, NotifyError | DiscoveryError)

    asyncio.run(run())


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.05)


async def _drip_of_interim_answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.05)


async def _half_closed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await asyncio.Event().wait()


@pytest.mark.parametrize("slow", [_drip, _drip_of_interim_answers, _half_closed])
def test_a_receiver_that_never_comes_to_an_end_has_a_deadline(slow: Any) -> None:
    async def run() -> None:
        async with raw_server(slow) as server:
            with pytest.raises(NotifyError) as caught:
                async with asyncio.timeout(20):
                    await post(server.url, timeout_seconds=1.0)
            assert caught.value.retryable

    asyncio.run(run())


def test_a_list_of_servers_that_drips_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.discovery.http._TIMEOUT_SECONDS", 1.0)

    async def run() -> None:
        async with raw_server(_drip) as server:
            with pytest.raises(DiscoveryError, match="no answer in time"):
                async with asyncio.timeout(20):
                    await list_servers(server.url)

    asyncio.run(run())


class TestRedirects:
    """A redirect leads to another server, or to another port or scheme of the same."""

    CONFIG = HttpConfig(
        basic_auth=BasicAuth(username="u", password=Secret("pa55word")),
        http_headers={
            "X-Api-Key": HeaderValues(secrets=(Secret("k3y"),)),
            "X-Team": HeaderValues(values=("ops",)),
            "Cookie": HeaderValues(values=("session=c00kie",)),
        },
    )

    @staticmethod
    def _follow(status: int, location: str = "{other}/new", config: HttpConfig = CONFIG) -> tuple[Any, Any]:
        """What the first server and the other one were sent."""

        async def run() -> tuple[Any, Any]:
            async with HttpListener() as other:
                to = location.replace("{other}", other.url)
                async with HttpListener(Reply(status, b"", {"Location": to}), Reply()) as first:
                    await post(first.url + "/hook", config)
                    return first.requests, other.requests

        return asyncio.run(run())

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_another_server_gets_no_header_of_ours(self, status: int) -> None:
        first, other = self._follow(status)
        assert {"authorization", "x-api-key", "x-team", "cookie"} <= first[0].headers.keys()
        assert other[0].headers.keys() <= {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
            "content-type",
            "content-length",
        }
        assert "pa55word" not in str(other) + str(other[0].body)

    @pytest.mark.parametrize("status", [307, 308])
    def test_what_was_posted_goes_along_as_with_alertmanager(self, status: int) -> None:
        _, other = self._follow(status)
        assert (other[0].method, other[0].body) == ("POST", b'{"alerts": []}')

    @pytest.mark.parametrize("status", [301, 302, 303])
    def test_others_ask_without_it(self, status: int) -> None:
        _, other = self._follow(status)
        assert (other[0].method, other[0].body) == ("GET", b"")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_the_same_server_gets_all(self, status: int) -> None:
        first, _ = self._follow(status, "/elsewhere")
        assert first[1].target == "/elsewhere"
        for name in ("authorization", "x-api-key", "x-team", "cookie"):
            assert first[1].headers[name] == first[0].headers[name]

    def test_they_do_not_come_back(self) -> None:
        async def run() -> None:
            async with HttpListener() as first, HttpListener() as second:
                first._replies = [Reply(308, b"", {"Location": second.url}), Reply()]
                second._replies = [Reply(308, b"", {"Location": first.url})]
                await post(first.url, self.CONFIG)
                assert "x-api-key" in first.requests[0].headers
                assert "x-api-key" not in first.requests[1].headers

        asyncio.run(run())

    def test_a_name_and_a_password_in_the_url_stay_as_well(self) -> None:
        async def run() -> None:
            async with HttpListener() as other, HttpListener() as first:
                first._replies = [Reply(307, b"", {"Location": other.url})]
                await post(first.url.replace("://", "://u:pa55word@"))
                assert "authorization" in first.requests[0].headers
                assert "authorization" not in other.requests[0].headers

        asyncio.run(run())

    def test_a_request_for_a_token_is_not_posted_elsewhere(self) -> None:
        async def run() -> None:
            async with HttpListener() as other, HttpListener() as tokens:
                tokens._replies = [Reply(307, b"", {"Location": other.url})]
                oauth = OAuth2(
                    client_id="me",
                    client_secret=Secret("s"),
                    token_url=tokens.url,
                    endpoint_params={"password": "pa55word"},
                )
                with pytest.raises(NotifyError, match=r"OAuth 2: .*a redirect to another server"):
                    await post(other.url, HttpConfig(oauth2=oauth))
                assert other.requests == []

        asyncio.run(run())

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1", ""])
    def test_to_what_is_none(self, location: str) -> None:
        with pytest.raises(NotifyError):
            self._follow(307, location)


@WAYS_OUT
def test_every_request_says_who_we_are(ask: Ask) -> None:
    async def run() -> None:
        token = json_reply({"access_token": "abc"})
        async with HttpListener(token) as listener:
            if ask is list_servers:
                with pytest.raises(DiscoveryError):
                    await ask(listener.url)
            else:
                await ask(listener.url)
            assert {request.headers["user-agent"] for request in listener.requests} == {user_agent()}

    asyncio.run(run())
    assert user_agent().startswith("redis-vigil/")


_LINE_BREAK, _ACCENT = b'{"access_token": "a\\nb"}', b'{"access_token": "\\u00e9"}'


_ENDLESS_LIFETIME = b'{"access_token": "a", "expires_in": 1' + b"0" * 400 + b"}"


@pytest.mark.parametrize("token", [b"[" * 60_000, _LINE_BREAK, _ACCENT, _ENDLESS_LIFETIME])
def test_tokens_that_are_none(token: bytes) -> None:
    async def run() -> None:
        async with HttpListener(Reply(200, token)) as listener:
            with pytest.raises(NotifyError) as caught:
                await ask_for_token(listener.url)
            assert "a\nb" not in str(caught.value)

    asyncio.run(run())


def test_a_password_with_a_line_break_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pa55\nword")
    config = HttpConfig(bearer_token_file=tmp_path / "token")

    async def run() -> None:
        async with HttpListener() as listener:
            with pytest.raises(NotifyError, match="a header cannot be sent") as caught:
                await post(listener.url, config)
            assert "pa55" not in str(caught.value)

    asyncio.run(run())


def test_a_token_that_is_refused_is_asked_for_anew() -> None:
    async def run() -> None:
        tokens = HttpListener(*(json_reply({"access_token": text, "expires_in": 9e9}) for text in ("a", "b")))
        async with tokens, HttpListener(Reply(401), Reply(200)) as listener:
            oauth = OAuth2(client_id="me", client_secret=Secret("s"), token_url=tokens.url)
            config = HttpConfig(oauth2=oauth)
            client = HttpClient(config, "hook", timeout_seconds=30.0, now=lambda: 0.0)
            for status in (401, 200, 200):
                assert (await client.post_json(listener.url, b"{}")).status == status
            sent = [request.headers["authorization"] for request in listener.requests]
            assert sent == ["Bearer a", "Bearer b", "Bearer b"]

    asyncio.run(run())


@pytest.mark.parametrize("token", ["5", "true", "null", '["a"]', '{"a": "b"}', '""'])
def test_a_token_that_is_no_text_is_not_sent(token: str) -> None:
    async def run() -> None:
        body = f'{{"access_token": {token}}}'.encode()
        async with HttpListener(Reply(200, body)) as listener:
            with pytest.raises(NotifyError, match="the answer holds no access_token"):
                await ask_for_token(listener.url)
            assert len(listener.requests) == 1

    asyncio.run(run())


_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, b"access_token=abc&expires_in=3600&token_type=bearer", _FORM),
        Reply(201, b'{"access_token": "abc", "expires_in": null}'),
        Reply(200, b'{"access_token": "abc", "expires_in": "3600"}', {"Content-Type": "text/plain"}),
    ],
    ids=["form", "created", "text"],
)
def test_tokens_are_read_as_go_reads_them(answer: Reply) -> None:
    async def run() -> None:
        async with HttpListener(answer, Reply()) as listener:
            await ask_for_token(listener.url)
            assert listener.requests[1].headers["authorization"] == "Bearer abc"

    asyncio.run(run())


def test_why_there_is_no_token_is_said_and_how_long_to_wait() -> None:
    async def run(answer: Reply) -> NotifyError:
        async with HttpListener(answer) as listener:
            with pytest.raises(NotifyError) as caught:
                await ask_for_token(listener.url)
            return caught.value

    told = b'{"error": "invalid_client", "error_description": "pa55 \\u001b[2J"}'
    assert str(asyncio.run(run(Reply(401, told)))).endswith("status code 401: invalid_client")
    busy = asyncio.run(run(Reply(429, b"", {"Retry-After": "60"})))
    assert (busy.retryable, busy.retry_after_seconds) == (True, 60.0)


_ECHO = HttpConfig(
    basic_auth=BasicAuth(username="u", password=Secret("pa55word")),
    http_headers={"X-Api-Key": HeaderValues(secrets=(Secret("k3y/k3y"),))},
)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As frameworks do that show what they have no page for, and those who debug them."""
    head = await read_request(reader)
    path = head.split(b" ")[1]
    shown = b"\n".join([b"Cannot POST " + path, path.replace(b"/", b"\\/"), b"pa55word", head])
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(shown), shown))
    await writer.drain()


def test_an_answer_that_repeats_the_request_shows_no_secret() -> None:
    async def run() -> str:
        async with raw_server(_echo) as server:
            with pytest.raises(NotifyError) as caught:
                await post(server.url + "/services/T0/s3cret?token=t0ken", _ECHO)
            return str(caught.value)

    told = asyncio.run(run())
    assert "Cannot POST <path>" in told
    for secret in ("s3cret", "t0ken", "pa55word", "k3y", "dTpwYTU1d29yZA"):
        assert secret not in told


@pytest.mark.parametrize("port", ["0", "65536", "999999"])
def test_a_redirect_to_a_port_that_is_none_is_not_followed(port: str) -> None:
    async def run() -> None:
        async with HttpListener(Reply(307, b"", {"Location": f"http://127.0.0.1:{port}/"})) as listener:
            with pytest.raises(NotifyError) as caught:
                await post(listener.url)
            assert not caught.value.retryable

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "its Content-Length is none"),
        (b"HTTP/1.1 000 OK\r\n\r\n", "its status code is none"),
        (b"HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", "another protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n", "headers of the answer are too long"),
        (b"HTTP/1.1 307 X\r\nLocation: http://[::1\r\n\r\n", "a redirect to an invalid URL"),
        (
            b"HTTP/1.1 400 X\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n\x8b\xff",
            "an answer encoded as 'br'",
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(answer: bytes, words: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async def run() -> None:
        async with raw_server(talk) as server:
            with pytest.raises(NotifyError, match=words):
                await post(server.url)

    asyncio.run(run())


def test_a_proxy_that_refuses_is_named() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 no\x1b[2J\r\nContent-Length: 0\r\n\r\n")

    async def run() -> None:
        async with raw_server(talk) as proxy:
            with pytest.raises(NotifyError, match=r"the proxy refuses: 502 no\?\[2J"):
                await post("https://127.0.0.1:1/", HttpConfig(proxy_url=proxy.url))

    asyncio.run(run())


def test_an_error_is_one_line_that_can_be_written_and_ends() -> None:
    error = NotifyError("\ud800\x1b[2J\n" + "x" * 100_000, retryable=True)
    assert str(error).isprintable()
    assert str(error).encode()
    assert len(str(error)) <= NotifyError.LONGEST


async def _socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A SOCKS5 proxy for one connection (RFC 1928, with user and password of RFC 1929)."""
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(b"\5\2")
    _, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    password = await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\1\0" if (user, password) == (b"u", b"pa55word") else b"\1\1")
    kind = (await reader.readexactly(4))[3]
    host = await reader.readexactly({1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0])
    port = int.from_bytes(await reader.readexactly(2))
    assert host in (b"receiver.test", b"\x7f\0\0\1", bytes(15) + b"\1")
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\5\0\0\1\x7f\0\0\1\0\0")
    inner_writer.write(await read_request(reader))
    writer.write(await inner_reader.read(65536))
    await writer.drain()
    inner_writer.close()


@pytest.mark.parametrize("host", ["receiver.test", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_proxy_may_speak_socks(scheme: str, host: str) -> None:
    async def run() -> None:
        async with raw_server(_socks) as proxy, HttpListener() as hook:
            url = proxy.url.replace("http://", f"{scheme}://u:pa55word@")
            assert await post(f"http://{host}:{hook.port}/", HttpConfig(proxy_url=url)) == "ok"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak SOCKS5"),
        (b"\5\xff", "it asks for another login"),
        (b"\5\2\1\1", "wrong user or password"),
        (b"\5\0\5\5\0\1", "connection refused"),
        (b"\5\0\5\x99\0\1", "error 153"),
        (b"\5\0\5\0\0\3\xffabc", "it closed the connection"),
        (b"", "it closed the connection"),
    ],
)
def test_a_socks_proxy_that_refuses_or_is_none_has_a_clear_error(answer: bytes, words: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.write_eof()
        await reader.read()

    async def run() -> None:
        async with raw_server(talk) as proxy:
            url = proxy.url.replace("http://", "socks5://u:pa55word@")
            with pytest.raises(NotifyError, match=f"the proxy refuses: {words}"):
                await post("http://receiver.test/", HttpConfig(proxy_url=url))

    asyncio.run(run())
