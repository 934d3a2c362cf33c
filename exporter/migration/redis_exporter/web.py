"""redis_exporter's own server: where it listens, and TLS and basic authentication as a web-config.yml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import bcrypt

from exporter.config.web import check_namespace, check_path, parse_listen_address
from exporter.config.web_config import check_hash
from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.settings import Settings

_VERSIONS: Final = {"TLS1.0": "TLS10", "TLS1.1": "TLS11", "TLS1.2": "TLS12", "TLS1.3": "TLS13"}
# bcrypt looks at no more.
_MAX_PASSWORD_BYTES: Final = 72
_COST: Final = 10
_CHECKED: Final = (
    ("web.telemetry-path", "telemetry_path", check_path),
    ("namespace", "namespace", check_namespace),
)


@dataclass(frozen=True, slots=True)
class Web:
    """The section `web` without `config_file`, and web-config.yml, which holds hashes of passwords."""

    section: Mapping[str, Any]
    config: Mapping[str, Any] = field(repr=False)


def read_web(settings: Settings, invocation: Invocation, remarks: list[str]) -> Web:
    """What is not as it is by default; raises `UsageError`."""
    section: dict[str, Any] = {}
    if settings.differs("web.listen-address"):
        section["listen_address"] = _listen_address(settings)
    section |= _page(settings, remarks)
    config = {**_tls(settings, invocation, remarks), **_users(settings, remarks)}
    return Web(section, config)


def _listen_address(settings: Settings) -> str:
    address = settings.text("web.listen-address")
    try:
        parse_listen_address(address)
    except ValueError as error:
        raise UsageError(f"{settings.origin('web.listen-address')}: {error}") from None
    return address


def _page(settings: Settings, remarks: list[str]) -> dict[str, Any]:
    """Where the page of metrics is, and what is on it."""
    page: dict[str, Any] = {}
    for flag, key, check in _CHECKED:
        if settings.differs(flag):
            try:
                page[key] = check(settings.text(flag))
            except ValueError as error:
                remarks.append(f"{settings.origin(flag)} {error}: it is not taken over")
    if settings.is_on("redis-only-metrics"):
        page["own_metrics"] = False
    if settings.is_on("disable-scrape-endpoint"):
        page["probes"] = False
    if settings.is_on("cluster-discover-hostnames"):
        page["cluster_hostnames"] = True
    return page


def _tls(settings: Settings, invocation: Invocation, remarks: list[str]) -> dict[str, Any]:
    certificate, key = settings.text("tls-server-cert-file"), settings.text("tls-server-key-file")
    authority, version = settings.text("tls-server-ca-cert-file"), settings.text("tls-server-min-version")
    if not (certificate and key):
        if certificate or key or authority or settings.differs("tls-server-min-version"):
            remarks.append(
                "--tls-server-…: without effect, there and here, where --tls-server-cert-file or "
                "--tls-server-key-file is missing"
            )
        return {}
    tls = {"cert_file": str(invocation.path(certificate)), "key_file": str(invocation.path(key))}
    if authority:
        tls["client_auth_type"] = "RequireAndVerifyClientCert"
        tls["client_ca_file"] = str(invocation.path(authority))
    if version not in _VERSIONS:
        raise UsageError(f"{settings.origin('tls-server-min-version')} must be one of {', '.join(_VERSIONS)}")
    if settings.differs("tls-server-min-version"):
        tls["min_version"] = _VERSIONS[version]
    return {"tls_server_config": tls}


def _users(settings: Settings, remarks: list[str]) -> dict[str, Any]:
    user = settings.text("basic-auth-username")
    password, hashed = settings.text("basic-auth-password"), settings.text("basic-auth-hash-password")
    if password and hashed:
        raise UsageError(
            "--basic-auth-password and --basic-auth-hash-password: redis_exporter takes one of them only"
        )
    if user and password:
        return {"basic_auth_users": {user: _hash(password, settings.origin("basic-auth-password"))}}
    if user and hashed:
        return {"basic_auth_users": {user: _checked(hashed, settings.origin("basic-auth-hash-password"))}}
    if user or password or hashed:
        remarks.append(
            "--basic-auth-…: without effect, there and here, where the name or the password is missing: "
            "everybody may come in"
        )
    return {}


def _hash(password: str, origin: str) -> str:
    data = password.encode()
    if len(data) > _MAX_PASSWORD_BYTES:
        raise UsageError(f"{origin} has more than the 72 bytes that bcrypt looks at: choose another")
    return bcrypt.hashpw(data, bcrypt.gensalt(_COST)).decode()


def _checked(hashed: str, origin: str) -> str:
    try:
        return check_hash(hashed)
    except ValueError as error:
        raise UsageError(f"{origin} {error}") from None
