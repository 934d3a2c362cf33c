"""One request to one receiver: the connection, TLS, the proxy, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.errors import NotifyError
from exporter.notify.proxies import proxy_for
from exporter.notify.tls import TlsContexts

_MAX_REDIRECTS: Final = 10
_MAX_ANSWER_BYTES: Final = 64 * 1024
_MAX_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered, and which host that was; of the body no more than the beginning."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The beginning of the body, on one line, for error messages."""
        text = " ".join(self.body[: 4 * _MAX_SHOWN].decode("utf-8", "replace").split())
        printable = "".join(char if char.isprintable() else "\ufffd" for char in text)
        return printable if len(printable) <= _MAX_SHOWN else printable[: _MAX_SHOWN - 1] + "…"


class Transport:
    """Posts with one `http_config`. Each request has its own connection, so nothing is left to close.

    `name` names the receiver in errors.
    """

    def __init__(self, config: HttpConfig, name: str, timeout_seconds: float) -> None:
        self._config = config
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._tls = TlsContexts(config.tls_config)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post and wait for the answer, whatever its status.

        Raises `NotifyError` when there is none; its text shows neither the URL nor what was sent.
        """
        config = self._config
        try:
            transport = httpx.AsyncHTTPTransport(
                verify=self._tls.get(), proxy=proxy_for(config, url), http2=config.enable_http2
            )
        except ValueError as error:
            raise NotifyError(f"{self._name}: {host_of(url)}: {error}", retryable=True) from None
        client = httpx.AsyncClient(
            transport=transport,
            follow_redirects=config.follow_redirects,
            max_redirects=_MAX_REDIRECTS,
            timeout=httpx.Timeout(self._timeout_seconds),
            trust_env=False,
        )
        name = config.tls_config.server_name
        extensions = {"sni_hostname": name} if name else {}
        try:
            async with (
                client,
                client.stream("POST", url, content=body, headers=headers, extensions=extensions) as response,
            ):
                body = await _beginning(response)
                return Answer(host_of(str(response.url)), response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
            raise self._network_error(error, url) from None

    def _network_error(self, error: Exception, url: str) -> NotifyError:
        timed_out = isinstance(error, (httpx.TimeoutException, TimeoutError))
        final = isinstance(
            error, (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects, UnicodeError)
        )
        reason = "the URL is none" if isinstance(error, (httpx.InvalidURL, UnicodeError)) else _reason(error)
        return NotifyError(
            f"{self._name}: {host_of(url)}: {reason.replace(url, '<url>')}",
            retryable=not final,
            kind="contextDeadlineExceeded" if timed_out else "other",
        )


def host_of(url: str) -> str:
    """The host, with its port if that is not the usual one: all of a URL that may be shown."""
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace") or "?"
    except httpx.InvalidURL:
        return "?"


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes(8192):
        body += chunk
        if len(body) >= _MAX_ANSWER_BYTES:
            break
    return body[:_MAX_ANSWER_BYTES]


_REASONS: Final[Mapping[type[Exception], str]] = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ReadTimeout: "no answer in time",
    httpx.WriteTimeout: "the receiver does not read",
    httpx.ReadError: "the connection broke",
    httpx.WriteError: "the connection broke",
    httpx.TooManyRedirects: f"more than {_MAX_REDIRECTS} redirects",
}


def _reason(error: Exception) -> str:
    known = _REASONS.get(type(error))
    return known or " ".join(str(error).split()) or type(error).__name__
