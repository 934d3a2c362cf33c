"""redis_exporter's own server: where it listens, and TLS and basic authentication as a web-config.yml."""

from collections.abc import Sequence
from typing import Any, Final

import bcrypt

from exporter.config.web import parse_listen_address
from exporter.config.web_config import check_hash
from exporter.drafts import to_yaml
from exporter.errors import UsageError
from exporter.migration.piece import Piece
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.settings import Settings

WEB_CONFIG: Final = "web-config.yml"
_VERSIONS: Final = {"TLS1.0": "TLS10", "TLS1.1": "TLS11", "TLS1.2": "TLS12", "TLS1.3": "TLS13"}
# bcrypt looks at no more.
_MAX_PASSWORD_BYTES: Final = 72
_HEADING: Final = "TLS and users of the daemon's own server, taken over from redis_exporter."


def convert_web(settings: Settings, invocation: Invocation) -> Sequence[Piece]:
    """The section `web`, and web-config.yml where it has anything to say; raises `UsageError`."""
    document: dict[str, Any] = {}
    if settings.differs("web.listen-address"):
        document["listen_address"] = _listen_address(settings)
    remarks: list[str] = []
    web_config = {**_tls(settings, invocation, remarks), **_users(settings, remarks)}
    if not web_config:
        return [Piece({"web": document} if document else {}, differs=remarks)]
    document["config_file"] = WEB_CONFIG
    text = to_yaml(web_config, _HEADING)
    return [Piece({"web": document}, {WEB_CONFIG: text}, frozenset({WEB_CONFIG}), differs=remarks)]


def _listen_address(settings: Settings) -> str:
    address = settings.text("web.listen-address")
    try:
        parse_listen_address(address)
    except ValueError as error:
        raise UsageError(f"{settings.origin('web.listen-address')}: {error}") from None
    return address


def _tls(settings: Settings, invocation: Invocation, remarks: list[str]) -> dict[str, Any]:
    certificate, key = settings.text("tls-server-cert-file"), settings.text("tls-server-key-file")
    if not (certificate and key):
        if certificate or key:
            remarks.append(
                "--tls-server-cert-file and --tls-server-key-file: without effect where one of them is "
                "missing, there and here"
            )
        return {}
    tls = {"cert_file": str(invocation.path(certificate)), "key_file": str(invocation.path(key))}
    if authority := settings.text("tls-server-ca-cert-file"):
        tls["client_ca_file"] = str(invocation.path(authority))
        tls["client_auth_type"] = "RequireAndVerifyClientCert"
    version = settings.text("tls-server-min-version")
    if version not in _VERSIONS:
        raise UsageError(f"{settings.origin('tls-server-min-version')} is one of {', '.join(_VERSIONS)}")
    if settings.differs("tls-server-min-version"):
        tls["min_version"] = _VERSIONS[version]
    return {"tls_server_config": tls}


def _users(settings: Settings, remarks: list[str]) -> dict[str, Any]:
    user = settings.text("basic-auth-username")
    password, hashed = settings.text("basic-auth-password"), settings.text("basic-auth-hash-password")
    if password and hashed:
        raise UsageError(
            "--basic-auth-password and --basic-auth-hash-password: redis_exporter takes one of them"
        )
    if not user or not (password or hashed):
        if user or password or hashed:
            remarks.append(
                "--basic-auth-username: without effect, there and here, without a password, and the other "
                "way round: everybody may come in"
            )
        return {}
    return {"basic_auth_users": {user: _hash(password) if password else _checked(hashed, settings)}}


def _hash(password: str) -> str:
    data = password.encode()
    if len(data) > _MAX_PASSWORD_BYTES:
        raise UsageError(
            "--basic-auth-password is longer than 72 bytes, and bcrypt looks at no more: choose another"
        )
    return bcrypt.hashpw(data, bcrypt.gensalt(10)).decode()


def _checked(hashed: str, settings: Settings) -> str:
    try:
        return check_hash(hashed)
    except ValueError as error:
        raise UsageError(f"{settings.origin('basic-auth-hash-password')} {error}") from None
