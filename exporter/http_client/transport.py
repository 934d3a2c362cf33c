"""One request to one server: the connection, TLS, the proxy, redirects, and the answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.connection.names import Users
from exporter.http_client.decoding import ACCEPTED, is_known, unpack
from exporter.http_client.echoes import hide, secrets_of
from exporter.http_client.failures import note_redirect
from exporter.http_client.network import Network
from exporter.http_client.proxies import proxy_for
from exporter.http_client.redirects import MOST, Request, follow
from exporter.http_client.socks import SCHEMES, SocksProxy
from exporter.http_client.tls import TlsContexts
from exporter.http_client.user_agent import user_agent

OVERHEAD_BYTES: Final = 512 * 1024
"""What may come besides the body: headers, interim answers, frames."""

# A piece costs some time, however small it is.
_MOST_PIECES: Final = 20_000
_PIECES_PER_TURN: Final = 50
_MAX_SHOWN: Final = 300
# More than is shown: a secret that is cut off would not be found.
_MOST_SEARCHED: Final = 8_192


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the host that gave it; the body is cut at the limit that was asked for.

    `encoding` is the body's Content-Encoding where it could not be unpacked, else empty.
    """

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False
    encoding: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it may repeat of the request and is not to be shown, with what is shown instead."""

    @property
    def text(self) -> str:
        """The beginning of the body, on one line, for error messages."""
        if self.encoding:
            return f"an answer encoded as {self.shown(self.encoding)[:20]!r}" if self.body else ""
        return self.shown(self.body[:_MOST_SEARCHED].decode("utf-8", "replace"))

    def shown(self, text: str) -> str:
        """The beginning of something that it says, on one line, without secrets of the request."""
        text = " ".join(hide(text[:_MOST_SEARCHED], self.secrets).split())
        printable = "".join(char if char.isprintable() else "\ufffd" for char in text)
        return printable if len(printable) <= _MAX_SHOWN else printable[: _MAX_SHOWN - 1] + "…"


class Transport:
    """Sends with one `http_config`. Each request has its own connection, so nothing is left to close.

    (`exporter.http_client.keep_alive` has the other kind.)

    Of the body of an answer `most_bytes` are read, and unpacked, at most. `keeps_body`: whether a server that
    a redirect leads to may get the body as well.
    """

    def __init__(
        self,
        config: HttpConfig,
        users: Users,
        *,
        timeout_seconds: float,
        most_bytes: int,
        keeps_body: bool = True,
    ) -> None:
        self._config = config
        self._users: Users = users
        self._timeout_seconds = timeout_seconds
        self._most_bytes = most_bytes
        self._keeps_body = keeps_body
        self._tls = TlsContexts(config.tls_config)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Ask, and wait for the answer, whatever its status; redirects are followed as configured.

        Raises `ValueError` for a configuration that cannot be used, and httpx's errors.
        """
        own = {"User-Agent": user_agent(), "Accept-Encoding": ACCEPTED}
        request = first = Request(method, httpx.URL(url), {**own, **headers}, body)
        secrets: dict[str, str] = {}
        for _ in range(MOST + 1):
            secrets |= secrets_of(request.url, request.headers)
            try:
                answer = await self._exchange(request)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                if request.url.netloc != first.url.netloc:
                    # Who reports it knows only whom it has asked.
                    note_redirect(error, host_of(str(request.url)))
                raise
            following = self._next(request, answer)
            if following is None:
                return replace(answer, secrets=secrets)
            request = following
        raise httpx.TooManyRedirects(f"more than {MOST} redirects")

    def _next(self, request: Request, answer: Answer) -> Request | None:
        if not self._config.follow_redirects:
            return None
        return follow(request, answer.status, answer.headers, keeps_body=self._keeps_body)

    async def _exchange(self, request: Request) -> Answer:
        name = self._config.tls_config.server_name
        extensions = {"sni_hostname": name} if name else {}
        async with (
            self._client(request) as client,
            client.stream(
                request.method,
                request.url,
                content=request.body,
                headers=dict(request.headers),
                extensions=extensions,
            ) as response,
        ):
            raw, is_cut = await _beginning(response, self._most_bytes)
        return await self._answer(response, raw, is_cut)

    @asynccontextmanager
    async def _client(self, request: Request) -> AsyncIterator[httpx.AsyncClient]:
        """A client for one request."""
        context = await self._tls.get()
        proxy = proxy_for(self._config, str(request.url), context)
        async with self._make_client(context, proxy) as client:
            yield client

    def _make_client(self, context: ssl.SSLContext, proxy: httpx.Proxy | None) -> httpx.AsyncClient:
        network = self._network()
        if proxy is not None and proxy.url.scheme in SCHEMES:
            # httpcore's own way has no bounds, and leaves connections open.
            network.socks, proxy = SocksProxy.of(proxy), None
        transport = httpx.AsyncHTTPTransport(
            verify=context, proxy=proxy, http2=self._config.enable_http2, limits=self._limits
        )
        # httpx hands on no backend to httpcore, which takes one.
        transport._pool._network_backend = network
        return httpx.AsyncClient(
            transport=transport, timeout=httpx.Timeout(self._timeout_seconds), trust_env=False
        )

    @property
    def _limits(self) -> httpx.Limits:
        return httpx.Limits()

    def _network(self) -> Network:
        return Network(self._users, self._most_bytes + OVERHEAD_BYTES)

    async def _answer(self, response: httpx.Response, raw: bytes, is_cut: bool) -> Answer:
        encoding = response.headers.get("content-encoding", "")
        unknown = "" if is_known(encoding) else encoding
        body = raw
        if not unknown:
            try:
                body = await _unpack(raw, encoding, self._most_bytes, is_cut)
            except ValueError:
                unknown = encoding
        is_cut = is_cut or len(body) > self._most_bytes
        host = host_of(str(response.url))
        most = self._most_bytes
        return Answer(host, response.status_code, response.headers, body[:most], is_cut, unknown)


async def _unpack(raw: bytes, encoding: str, most_bytes: int, is_cut: bool) -> bytes:
    if not encoding:
        return raw
    return await asyncio.to_thread(unpack, raw, encoding, most_bytes, is_cut=is_cut)


async def _beginning(response: httpx.Response, most_bytes: int) -> tuple[bytes, bool]:
    """The beginning of the body as it was sent, and whether there is more."""
    body = bytearray()
    pieces = 0
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), True
        pieces += 1
        if pieces > _MOST_PIECES:
            raise httpx.RemoteProtocolError("the answer comes in too many pieces")
        if pieces % _PIECES_PER_TURN == 0:
            # Pieces of a byte each are all there at once, so that reading them waits for nothing.
            await asyncio.sleep(0)
    return bytes(body), False


def host_of(url: str) -> str:
    """The host, with its port if that is not the usual one: all of a URL that may be shown."""
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace") or "?"
    except httpx.InvalidURL:
        return "?"
