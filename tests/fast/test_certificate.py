"""Certificates that expire while connections stand, and that are renewed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from exporter.connection.handshake import see_certificate
from exporter.model.target import Target
from exporter.samplers import certificates
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.loop import FastLoop
from tests.peers import require_program
from tests.servers import RealServer, free_port


def write(authority: trustme.CA, path: Path, left: timedelta) -> Path:
    """A certificate for 127.0.0.1, good for so long, and its key."""
    leaf = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + left)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return made


class TlsServer:
    """A Redis server that shows this certificate on a port beside its plain one."""

    def __init__(self, directory: Path, certificate: Path) -> None:
        self.port = free_port()
        self.plain = RealServer(
            require_program("redis-server"),
            directory / "tls-server",
            *("--tls-cert-file", str(certificate), "--tls-key-file", str(certificate)),
            *("--tls-ca-cert-file", str(directory / "ca.pem"), "--tls-auth-clients", "no"),
        )
        self.plain.start()
        self.plain.command("CONFIG", "SET", "tls-port", self.port)

    def load(self, certificate: Path) -> None:
        self.plain.command(
            "CONFIG", "SET", "tls-cert-file", str(certificate), "tls-key-file", str(certificate)
        )

    def config(self, ca_file: Path, **tls: object) -> dict[str, object]:
        """A daemon's configuration."""
        url = f"rediss://127.0.0.1:{self.port}"
        return {"targets": [{"url": url, "instance": "a", "tls": {"ca_file": str(ca_file), **tls}}]}


@pytest.fixture(autouse=True)
def looks_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still until a handshake for its own sake has come to its polite end."""

    async def see(target: Target, *, timeout_seconds: float) -> float | None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        with loop.working():
            return await see_certificate(target, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(certificates, "see_certificate", see)


@pytest.fixture
def servers() -> Iterator[list[TlsServer]]:
    started: list[TlsServer] = []
    yield started
    for server in started:
        server.plain.stop()


@pytest.mark.peers("redis-server")
@pytest.mark.parametrize("skips", [False, True], ids=["verified", "not-verified"])
def test_a_certificate_that_ends_is_told_before_and_when_it_does_and_its_renewal(
    authority: trustme.CA, tmp_path: Path, servers: list[TlsServer], skips: bool
) -> None:
    servers.append(TlsServer(tmp_path, write(authority, tmp_path / "old.pem", timedelta(minutes=20))))
    (server,) = servers

    async def story() -> None:
        config = server.config(tmp_path / "ca.pem", insecure_skip_verify=skips)
        async with FastDaemon(config) as daemon:
            await daemon.pass_time("15m")
            assert [one.firing for one in daemon.told()] == [{("RedisCertificateExpiresSoon", "a")}]
            await daemon.pass_time("10m")
            assert ("RedisCertificateExpired", "a") in daemon.firing()
            # Once each, and no word that it does not expire any more.
            assert [one.firing for one in daemon.told()][1:] == [{("RedisCertificateExpired", "a")}]
            # Nobody was cut off yet.
            assert daemon.value("min_over_time(redis_up[25m])") == 1
            server.load(write(authority, tmp_path / "new.pem", timedelta(days=90)))
            await daemon.pass_time("4m")
            assert daemon.firing() == set()
            over = set().union(*(one.resolved for one in daemon.told()))
            assert over == {("RedisCertificateExpired", "a"), ("RedisCertificateExpiresSoon", "a")}

    run_fast(story())


@pytest.mark.peers("redis-server")
def test_who_is_not_let_in_for_an_expired_certificate_says_so(
    authority: trustme.CA, tmp_path: Path, servers: list[TlsServer]
) -> None:
    servers.append(TlsServer(tmp_path, write(authority, tmp_path / "old.pem", timedelta(hours=-1))))
    (server,) = servers

    async def story() -> None:
        async with FastDaemon(server.config(tmp_path / "ca.pem")) as daemon:
            await daemon.pass_time("5m")
            assert [one.firing for one in daemon.told()] == [{("RedisCertificateExpired", "a")}]
            assert daemon.value("redis_up") == 0
            left = daemon.value("redis:tls_certificate_expires_in:days * 24")
            assert left == pytest.approx(-1, abs=0.3)
            server.load(write(authority, tmp_path / "new.pem", timedelta(days=90)))
            await daemon.pass_time("3m")
            assert daemon.firing() == set()
            assert daemon.value("redis_up") == 1

    run_fast(story())
