"""Why a server cannot be sampled."""

import contextlib
import socket
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import trustme

from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within
from tests.resolver import resolve_by
from tests.servers import RealServer, free_port

_DENIED: Final = b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n"
_SOON: Final = Within("1m", "3m")


def _cut(server: RealServer) -> None:
    """Close all connections but that of the scene."""
    server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


async def _host_down(stage: Stage) -> AsyncGenerator[None]:
    servers = [stage.start("--bind", "127.0.0.1", "127.0.0.7") for _ in range(2)]
    for number, server in enumerate(servers):
        stage.watch_url(f"redis://127.0.0.7:{server.port}", str(number))
    yield
    for server in servers:
        server.kill()
    yield
    for server in servers:
        server.start()


async def _most_down(stage: Stage) -> AsyncGenerator[None]:
    servers = [stage.start("--bind", "127.0.0.1", f"127.0.0.{11 + number % 3}") for number in range(5)]
    for number, server in enumerate(servers):
        stage.watch_url(f"redis://127.0.0.{11 + number % 3}:{server.port}", str(number))
    yield
    for server in servers:
        server.kill()
    yield
    for server in servers:
        server.start()


async def _host_unknown(stage: Stage) -> AsyncGenerator[None]:
    server = stage.start()
    with pytest.MonkeyPatch.context() as patch:
        resolver = resolve_by(patch, cache=("127.0.0.1",))
        stage.watch_url(f"redis://cache:{server.port}")
        yield
        del resolver.addresses["cache"]
        _cut(server)
        yield
        resolver.addresses["cache"] = ("127.0.0.1",)
        yield


async def _login_fails(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("PING")
    yield
    server.command("CONFIG", "SET", "requirepass", "new")
    _cut(server)
    yield
    server.command("CONFIG", "SET", "requirepass", "")


async def _info_refused(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    server.command("ACL", "SETUSER", "default", "-info")
    yield
    server.command("ACL", "SETUSER", "default", "+info")


async def _no_free_client(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("PING")
    yield
    server.command("CONFIG", "SET", "maxclients", 1)
    _cut(server)
    yield
    server.command("CONFIG", "SET", "maxclients", 1000)


async def _protected_mode(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    known = dict.fromkeys(("CLIENT", "INFO", "PING"), _DENIED)
    yield
    server.replies.update(known)
    yield
    server.replies.clear()


async def _busy_script(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--lua-time-limit", "10")
    yield
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"*3\r\n$4\r\nEVAL\r\n$17\r\nwhile true do end\r\n$1\r\n0\r\n")
        yield
        server.command("SCRIPT", "KILL")


async def _info_fails(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.replies["INFO"] = b"-ERR the backend is not there\r\n"
    yield
    server.replies.clear()


class _Certificates:
    """Certificates of a server with TLS; its other port is for the scene."""

    def __init__(self, stage: Stage) -> None:
        self._place = stage.directory / stage.name
        self._place.mkdir(parents=True, exist_ok=True)
        self.authority = trustme.CA()
        self.ca_file = self._place / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.write("good", self.authority, timedelta(days=100))
        port = free_port()
        self.server = stage.start(
            "--tls-port",
            str(port),
            *("--tls-cert-file", self._file("good", "crt"), "--tls-key-file", self._file("good", "key")),
            *("--tls-ca-cert-file", str(self.ca_file), "--tls-auth-clients", "no"),
        )
        stage.watch_url(f"rediss://127.0.0.1:{port}", tls={"ca_file": str(self.ca_file)})

    def write(self, name: str, authority: trustme.CA | None, valid: timedelta) -> None:
        """Make one; without an authority it is from another one."""
        until = datetime.now(UTC) + valid
        authority = authority or trustme.CA()
        issued = authority.issue_cert("127.0.0.1", not_before=until - timedelta(days=400), not_after=until)
        issued.private_key_pem.write_to_path(self._file(name, "key"))
        issued.cert_chain_pems[0].write_to_path(self._file(name, "crt"))

    def use(self, name: str) -> None:
        """Go over to it, for new connections."""
        certificate = ("tls-cert-file", self._file(name, "crt"), "tls-key-file", self._file(name, "key"))
        self.server.command("CONFIG", "SET", *certificate)
        with contextlib.suppress(Exception):
            _cut(self.server)

    def _file(self, name: str, ending: str) -> str:
        return str(Path(self._place) / f"{name}.{ending}")


async def _certificate_expired(stage: Stage) -> AsyncGenerator[None]:
    certificates = _Certificates(stage)
    certificates.write("expired", certificates.authority, timedelta(days=-1))
    yield
    certificates.use("expired")
    yield
    certificates.use("good")


async def _expires(stage: Stage) -> AsyncGenerator[None]:
    certificates = _Certificates(stage)
    certificates.write("old", certificates.authority, timedelta(days=20))
    yield
    certificates.use("old")
    yield
    certificates.use("good")


async def _expires_soon(stage: Stage) -> AsyncGenerator[None]:
    certificates = _Certificates(stage)
    certificates.write("old", certificates.authority, timedelta(days=2))
    yield
    certificates.use("old")
    yield
    certificates.use("good")


async def _tls_fails(stage: Stage) -> AsyncGenerator[None]:
    certificates = _Certificates(stage)
    certificates.write("foreign", None, timedelta(days=100))
    yield
    certificates.use("foreign")
    yield
    certificates.use("good")


SCENES: Final = (
    Scene(
        "both servers of a host are killed (kill -9)",
        _host_down,
        {"RedisHostDown": _SOON},
        labels={"target_host": "127.0.0.7"},
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
    Scene("the name of its host is not known any more", _host_unknown, {"RedisHostUnknown": _SOON}),
    Scene("the server gets another password", _login_fails, {"RedisLoginFails": _SOON}, REDIS_6),
    Scene(
        "INFO is taken from the user",
        _info_refused,
        {"RedisInfoRefused": Within("1m", "12m")},
        REDIS_7,
        besides=frozenset({"RedisPermissionDenied"}),
    ),
    Scene(
        "maxclients becomes 1",
        _no_free_client,
        {"RedisNoFreeClient": _SOON},
        REDIS_6,
        besides=frozenset({"RedisConnectionsRejected", "RedisConnectionErrors"}),
    ),
    Scene("altered replies: DENIED, as in protected mode", _protected_mode, {"RedisProtectedMode": _SOON}),
    Scene(
        "a script runs without an end",
        _busy_script,
        {"RedisBusyScript": _SOON},
        REDIS_6,
        besides=frozenset(
            {"RedisSevereErrors", "RedisSlowPattern", "RedisVerySlowCommand", "RedisErrorRateHigh"}
        ),
    ),
    Scene("altered replies: INFO is answered with an error", _info_fails, {"RedisInfoFails": _SOON}),
    Scene(
        "its certificate has expired",
        _certificate_expired,
        {"RedisCertificateExpired": _SOON},
        REDIS_7,
        besides=frozenset({"RedisCertificateExpires", "RedisCertificateExpiresSoon"}),
    ),
    Scene(
        "its certificate is good for 20 days more",
        _expires,
        {"RedisCertificateExpires": Within("1m", "3m")},
        REDIS_7,
    ),
    Scene(
        "its certificate is good for two days more",
        _expires_soon,
        {"RedisCertificateExpiresSoon": Within("1m", "3m")},
        REDIS_7,
    ),
    Scene("its certificate is from another authority", _tls_fails, {"RedisTlsFails": _SOON}, REDIS_7),
)

MOST: Final = (
    Scene(
        "five of five servers on three hosts are killed (kill -9)",
        _most_down,
        {"RedisMostDown": _SOON},
        labels={},
        besides=frozenset({"RedisDown", "RedisRestarted", "RedisHostDown"}),
    ),
)
