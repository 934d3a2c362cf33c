"""Who may come in: TLS and basic authentication as in an exporter-toolkit `web-config.yml`.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md.
"""

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from typing import Final

import bcrypt
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.config.web_config import TlsServerConfig
from exporter.errors import ConfigError, Problem

# These say nothing about anybody's data, and what restarts containers has no password.
_OPEN_PATHS: Final = frozenset({"/-/healthy"})
_CACHE_SIZE: Final = 100
# Compared where the user does not exist, so that the time taken does not tell.
_NOBODY: Final = bcrypt.hashpw(b"nobody", bcrypt.gensalt(10))


class BasicAuth:
    """Middleware that lets in who knows a user's password.

    bcrypt is slow on purpose: what was right once is remembered, as a hash with a random key.
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._users = users
        self._key = bcrypt.gensalt()
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OPEN_PATHS or self._admits(scope):
            await self._app(scope, receive, send)
            return
        headers = [(b"www-authenticate", b'Basic realm="redis-vigil"'), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"Unauthorized\n"})

    def _admits(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, encoded = given.partition(b" ")
        if scheme.lower() != b"basic":
            return False
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        except binascii.Error:
            return False
        return bool(colon) and self._verify(user.decode("utf-8", "replace"), password)

    def _verify(self, user: str, password: bytes) -> bool:
        digest = hmac.digest(self._key, user.encode() + b"\0" + password, hashlib.sha256)
        if digest in self._known:
            return True
        expected = self._users.get(user)
        hashed = expected.encode() if expected is not None else _NOBODY
        # bcrypt looks at 72 bytes; more is an error to some of its versions.
        if not bcrypt.checkpw(password[:72], hashed) or expected is None:
            return False
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known.add(digest)
        return True


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
    try:
        context.load_cert_chain(config.cert_file, config.key_file, password=lambda: b"")
        if config.client_ca_file is not None:
            context.load_verify_locations(config.client_ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificate or key cannot be used: {error.strerror or error}"
        raise ConfigError([Problem(file, 0, 0, "tls_server_config", message)]) from error
    context.verify_mode = _VERIFY_MODES[config.client_auth_type]
    return context


_VERIFY_MODES: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
