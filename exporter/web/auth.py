"""Authentication is TLS and basic authentication as in an exporter-toolkit `web-config.yml`.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bcrypt
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.config.web_config import TlsServerConfig
from exporter.connection.causes import tls_text
from exporter.errors import ConfigError, Problem

# These say nothing about anybody's data, and what restarts containers has no password.
_OPEN_PATHS: Final = frozenset({"/-/healthy"})
_CACHE_SIZE: Final = 100
# So many passwords are checked at once, and so many may wait for it: more are no people.
_CHECKERS: Final = 2
_MAX_WAITING: Final = 20
_LEAST_COST: Final = 4


class BasicAuth:
    """Middleware that lets in who knows a user's password.

    bcrypt is slow on purpose: it runs in threads of its own, so that nobody else waits for it, and what was
    right once is remembered, as a hash with a random key. Whoever comes while many wait is asked to try again
    (503).
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._users = users
        self._key = bcrypt.gensalt()
        self._known: set[bytes] = set()
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobody: bytes | None = None

    def close(self) -> None:
        """Others take over; who waits for an answer gets it."""
        self._checkers.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check name and password, then hand the request on, with the name as `user` of its scope."""
        if scope["type"] != "http" or scope["path"] in _OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        given = _credentials(scope)
        if given is not None and self._digest(*given) not in self._known and self._waiting >= _MAX_WAITING:
            await _answer(send, 503, b"Too many passwords are being checked\n", [(b"retry-after", b"1")])
        elif given is not None and await self._verify(*given):
            await self._app({**scope, "user": given[0]}, receive, send)
        else:
            challenge = [(b"www-authenticate", b'Basic realm="redis-vigil"')]
            await _answer(send, 401, b"Unauthorized\n", challenge)

    def _digest(self, user: str, password: bytes) -> bytes:
        return hmac.digest(self._key, user.encode() + b"\0" + password, hashlib.sha256)

    async def _verify(self, user: str, password: bytes) -> bool:
        digest = self._digest(user, password)
        if digest in self._known:
            return True
        self._waiting += 1
        try:
            check = asyncio.get_running_loop().run_in_executor(self._checkers, self._check, user, password)
            is_right = await check
        finally:
            self._waiting -= 1
        if not is_right:
            return False
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known.add(digest)
        return True

    def _check(self, user: str, password: bytes) -> bool:
        """Whether it is the user's password; runs in a thread."""
        expected = self._users.get(user)
        hashed = expected.encode() if expected is not None else self._hash_of_nobody()
        # bcrypt looks at 72 bytes; more is an error to some of its versions.
        return bcrypt.checkpw(password[:72], hashed) and expected is not None

    def _hash_of_nobody(self) -> bytes:
        """Compared where the user does not exist: as dear as the dearest, so that the time does not tell."""
        if self._nobody is None:
            cost = max(map(_cost, self._users.values()), default=_LEAST_COST)
            self._nobody = bcrypt.hashpw(b"nobody", bcrypt.gensalt(cost))
        return self._nobody


def _credentials(scope: Scope) -> tuple[str, bytes] | None:
    """User and password that a request carries, if it does."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, encoded = given.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
    except binascii.Error:
        return None
    return (user.decode("utf-8", "replace"), password) if colon else None


def _cost(hashed: str) -> int:
    """The cost of a bcrypt hash: `$2b$10$…`."""
    cost = hashed.split("$")[2:3]
    return max(_LEAST_COST, int(cost[0])) if cost and cost[0].isdigit() else _LEAST_COST


async def _answer(send: Send, status: int, text: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [*headers, (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


def server_tls(config: TlsServerConfig, file: str) -> ssl.SSLContext:
    """The server's side of TLS; `file` is named in errors.

    Raises `ConfigError` where a certificate or key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    files = f"the certificate {config.cert_file} and its key {config.key_file}"
    try:
        context.load_cert_chain(config.cert_file, config.key_file, password=lambda: b"")
        if config.client_ca_file is not None:
            files = f"the authorities in {config.client_ca_file}"
            context.load_verify_locations(config.client_ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"{files} cannot be used: {tls_text(error)}"
        raise ConfigError([Problem(("tls_server_config",), message, file=file)]) from error
    context.verify_mode = _VERIFY_MODES[config.client_auth_type]
    return context


_VERIFY_MODES: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
