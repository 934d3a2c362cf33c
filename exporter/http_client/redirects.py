"""Redirects are followed with the headers and the body that may go along.

Which method follows: source `redirectBehavior` of Go's net/http, client.go. To another origin (host, port or
scheme) go only headers that say nothing about us; Go and prometheus/common keep more, such as headers that a
user has configured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import httpx

MOST: Final = 10
"""Redirects in a row that are followed, as by Go's client."""

_AS_GET: Final = frozenset({301, 302, 303})
_UNCHANGED: Final = frozenset({307, 308})
_ABOUT_BODY: Final = frozenset({"content-type", "content-encoding"})
HARMLESS: Final = frozenset({"accept", "accept-encoding", "user-agent", *_ABOUT_BODY})
"""Headers that say nothing about us."""

_LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its destination."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes = b""


def follow(request: Request, status: int, headers: Mapping[str, str], *, keeps_body: bool) -> Request | None:
    """The request that an answer sends us to; None where it does not.

    `keeps_body`: whether another origin may get the body, too (307 and 308). Raises `httpx.InvalidURL` for a
    place that is none, `httpx.RemoteProtocolError` where the body may not go there.
    """
    location = headers.get("location", "")
    if not location or status not in _AS_GET | _UNCHANGED:
        return None
    url = _joined(request.url, location)
    is_elsewhere = _origin(url) != _origin(request.url)
    kept = dict(request.headers)
    if is_elsewhere:
        kept = {name: value for name, value in kept.items() if name.lower() in HARMLESS}
    if status in _AS_GET:
        kept = {name: value for name, value in kept.items() if name.lower() not in _ABOUT_BODY}
        return Request("GET", url, kept)
    if is_elsewhere and request.body and not keeps_body:
        raise httpx.RemoteProtocolError("a redirect to another server, which is not to get what was sent")
    return replace(request, url=url, headers=kept)


def _joined(base: httpx.URL, location: str) -> httpx.URL:
    try:
        url = base.join(location)
    except ValueError as error:
        raise httpx.InvalidURL("redirect to an invalid URL") from error
    if not url.host:
        raise httpx.InvalidURL("a redirect to nowhere")
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        # The system would connect to another one.
        raise httpx.InvalidURL("a redirect to a port that is none")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    # httpx knows the usual ports: they are None, written or not.
    return url.scheme, url.host, url.port
