"""Origin checks limit what a browser may do here for pages of other origins: CSRF, CORS, DNS rebinding.

Requests without a browser's headers (curl, amtool, Prometheus) pass. The headers of CORS are those of
Prometheus and Alertmanager, https://github.com/prometheus/common and `--web.cors.origin`.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.model.regex import compile_regex

QUERY_API: Final = "/api/v1/"
"""What the paths of Prometheus' API begin with."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# These read only; Grafana posts its queries as forms, and Prometheus what it reads from others as protobuf.
_QUERIES: Final = frozenset(
    f"/api/v1/{name}"
    for name in (
        "query",
        "query_range",
        "query_exemplars",
        "format_query",
        "parse_query",
        "series",
        "labels",
        "read",
    )
)
# What forms of our own pages are posted to: a page of another origin could post one without asking first, so
# these carry a token (`web/pages/actions.py`), and pages that may use the API may not use them.
_FORMS: Final = re.compile(
    r"/silences/new|/silences/[^/]+/(?:extend|expire)|/notifications/test|/status/reload", re.ASCII
)
_FORM: Final = "application/x-www-form-urlencoded"
_CORS: Final = (
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Authorization, Content-Type, Origin"),
    (b"access-control-expose-headers", b"Date"),
)
_PROTECTION: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    # The pages have one stylesheet and one module, and load nothing from elsewhere.
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


class OriginGuard:
    """Middleware; outside of authentication, as a preflight carries no password."""

    def __init__(
        self,
        app: ASGIApp,
        external_url: str = "",
        hosts: Collection[str] = (),
        cors_origin: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        self._app = app
        external = urlsplit(external_url)
        self._external = _origin(external.scheme, external.netloc.rpartition("@")[2])
        named = {(host or "").lower().rstrip(".") for host in (external.hostname, *hosts)}
        self._hosts = named if external_url else None
        self._cors = compile_regex(cors_origin) if cors_origin else None
        added = {**_PROTECTION, **{name.lower(): value for name, value in (headers or {}).items()}}
        self._added = [(name.encode(), value.encode()) for name, value in added.items() if value]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check host and origin, then hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        shared = bool(origin and self._cors and self._cors.matches(origin))
        extra = list(self._added)
        if self._cors:
            extra.append((b"vary", b"Origin"))
        if shared:
            extra += [(b"access-control-allow-origin", origin.encode("latin-1")), *_CORS]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        refusal = self._refuse(scope, headers, shared)
        # Prometheus answers it on its own paths, whoever asks.
        is_asked = scope["method"] == "OPTIONS" and (shared or scope["path"].startswith(QUERY_API))
        if refusal is None and is_asked:
            refusal = Response(status_code=204)
        await (refusal or self._app)(scope, receive, answer)

    def _refuse(self, scope: Scope, headers: Headers, shared: bool) -> Response | None:
        if not self._knows_host(headers.get("host", "")) and scope["path"] != "/-/healthy":
            text = "This host name is not known here: see web.external_url and web.hosts.\n"
            return PlainTextResponse(text, 403)
        if scope["method"] in _SAFE or scope["path"] in _QUERIES:
            return None
        is_form = _FORMS.fullmatch(scope["path"]) is not None
        if (is_form or not shared) and self._is_foreign(headers, scope["scheme"]):
            return PlainTextResponse("Pages of other origins may change nothing here.\n", 403)
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = _FORM if is_form else "application/json"
        if has_body and kind != wanted:
            return PlainTextResponse(f"The body must be {wanted} (header Content-Type).\n", 415)
        return None

    def _is_foreign(self, headers: Headers, scheme: str) -> bool:
        given, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin"):
            return True
        if given is None:
            return False
        host = headers.get("host", "")
        own = {self._external, _origin(scheme, host)}
        if site == "same-origin" or headers.get("x-forwarded-proto", "").lower() == "https":
            # TLS ends before us. A page of another origin can make a browser send neither of these headers.
            own.add(_origin("https", host))
        match = _ORIGIN.fullmatch(given)
        return match is None or _origin(*match.groups()) not in own

    def _knows_host(self, given: str) -> bool:
        """Return whether it is a name of this daemon.

        A page of another origin can reach the daemon by a public name only: addresses and names without a
        dot (localhost, those of containers) cannot be rebound.
        """
        if self._hosts is None or not given:
            return True
        host = (urlsplit(f"//{given}").hostname or "").rstrip(".") if _HOST.fullmatch(given) else ""
        return host in self._hosts or (host and "." not in host and ":" not in host) or _is_address(host)


_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:\d*)?|\[[0-9A-Fa-f:.]+\](:\d*)?")


_ORIGIN: Final = re.compile(r"(https?)://([^/?#@\s]+)", re.IGNORECASE)
_USUAL_PORTS: Final = {"http": ":80", "https": ":443"}


def _origin(scheme: str, netloc: str) -> str:
    """As browsers write it: in small letters, without the usual port."""
    scheme = scheme.lower()
    return f"{scheme}://{netloc.lower().removesuffix(_USUAL_PORTS.get(scheme, ':'))}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
