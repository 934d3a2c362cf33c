"""`failure_text`: says why a request got no answer, in words that show neither URL nor headers."""

import socket
import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from exporter.connection.causes import chain, system_text, tls_text
from exporter.http_client.redirects import MOST
from exporter.model.printable import printable

_LONGEST: Final = 200
_REDIRECTED: Final = "redirected to "
_BROKEN: Final = "the connection broke"
_REASONS: Final[Mapping[type[BaseException], str]] = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ReadTimeout: "no answer in time",
    httpx.WriteTimeout: "what is sent is not read",
    TimeoutError: "no answer in time",
    httpx.ReadError: _BROKEN,
    httpx.WriteError: _BROKEN,
    httpx.TooManyRedirects: f"more than {MOST} redirects",
    httpx.InvalidURL: "invalid URL",
    httpx.UnsupportedProtocol: "the URL has to begin with http:// or https://",
    # h11 would show the header, which may be a password.
    httpx.LocalProtocolError: "a header cannot be sent: does a password or token hold a line break?",
    UnicodeEncodeError: "invalid URL, or a header with characters outside ASCII",
}
# What h11 and httpcore say of answers, and what it means.
_PHRASES: Final = (
    ("without sending a response", "the connection was closed without an answer"),
    ("without sending complete message body", "the connection was closed within the answer"),
    ("illegal status line", "what answers does not speak HTTP"),
    ("illegal header line", "the answer is not HTTP"),
    ("illegal chunk header", "the answer is not HTTP"),
    ("Content-Length", "the answer is not HTTP: its Content-Length is none"),
    ("status_code should be", "the answer is not HTTP: its status code is none"),
    ("_SWITCH_UPGRADE", "it answers with another protocol than HTTP"),
    ("Receive buffer too long", "the headers of the answer are too long"),
    ("location header", "a redirect to an invalid URL"),
)


def note_redirect(error: BaseException, host: str) -> None:
    """Note that it is this host, to which a redirect leads, that gives no answer."""
    error.add_note(f"{_REDIRECTED}{host}")


def failure_text(error: BaseException) -> str:
    """Return why there is no answer: the errors of httpx, ssl and the system."""
    redirects = [note for note in getattr(error, "__notes__", ()) if note.startswith(_REDIRECTED)]
    return ": ".join([*redirects[:1], _reason(error)])


def _reason(error: BaseException) -> str:
    known = _REASONS.get(type(error))
    if known is not None:
        return known
    causes = chain(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {tls_text(cause)}"
    text = printable(" ".join(str(error).split()))[:_LONGEST]
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refuses: {text}"
    for phrase, meaning in _PHRASES:
        if phrase in text:
            return meaning
    if isinstance(error, httpx.ConnectError | OSError):
        system = _system_error(causes)
        if isinstance(system, socket.gaierror):
            return f"the name is not found: {system_text(system)}"
        if system is not None:
            return f"cannot connect: {system_text(system)}"
        return f"cannot connect: {text or 'the other side closed the connection'}"
    return text or _BROKEN


def _system_error(causes: list[BaseException]) -> OSError | None:
    """The one that says most: asyncio raises one for all addresses, with those of each within."""
    for cause in causes:
        for one in getattr(cause, "exceptions", (cause,)):
            if isinstance(one, OSError) and (one.errno or one.strerror):
                return one
    return None
