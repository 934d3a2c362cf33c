"""Servers that cannot be sampled: each reason is told by one alert, in the same words everywhere."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.cli.looking import take_look
from exporter.config.main import default_config, load_config
from exporter.errors import Reason
from exporter.health import Health, Report
from exporter.reload import plan_of
from tests.conftest import StartServer
from tests.connection.test_tls import tls_in_front_of
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async
from tests.servers import RealServer, free_port

# Replies of Redis 7.0.15, the second cut where it goes on.
DENIED = b"!-DENIED Redis is running in protected mode because protected mode is enabled and no password\r\n"
NOT_YET = Exception("LOADING Redis is loading the dataset in memory")


def look(url: str) -> Report:
    return asyncio.run(take_look(plan_of(default_config([url])))).report


def assert_told(report: Report, name: str, reason: Reason, words: str) -> None:
    """One alert, the same reason, words and a sentence everywhere."""
    (trouble,) = report.problems.values()
    assert (trouble.reason, trouble.words) == (reason, words)
    assert [finding.name for finding in report.findings] == [name]
    (finding,) = report.findings
    assert (finding.name == "RedisDown") == reason.is_down == bool(report.down)
    assert "down" not in finding.summary or reason.is_down


@contextmanager
def occupied(server: RealServer) -> Iterator[None]:
    """The one client that there is room for is somebody else."""
    with socket.create_connection(("127.0.0.1", server.port)) as occupant:
        occupant.sendall(b"PING\r\n")
        occupant.recv(16)
        yield


def test_nobody_listens() -> None:
    report = look(f"redis://127.0.0.1:{free_port()}")
    assert_told(report, "RedisDown", Reason.REFUSED, "connection refused")
    assert report.findings[0].description.endswith("does not answer: connection refused.")


def test_a_hanging_server(start_server: StartServer) -> None:
    server = start_server()
    with server.paused():
        assert_told(look(server.url), "RedisDown", Reason.TIMEOUT, "timeout")


def test_a_host_that_nobody_knows() -> None:
    report = look("redis://no-such-host.invalid:6379")
    assert_told(report, "RedisHostUnknown", Reason.UNKNOWN_HOST, "unknown host")


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (":wr0ng@", Reason.WRONG_PASSWORD),
        ("nobody:wr0ng@", Reason.WRONG_PASSWORD),
        ("", Reason.PASSWORD_REQUIRED),
    ],
)
def test_a_login_that_is_refused(start_each_server: StartServer, user: str, reason: Reason) -> None:
    server = start_each_server("--requirepass", "hunter2")
    report = look(f"redis://{user}127.0.0.1:{server.port}")
    words = reason.value.replace("_", " ")
    assert_told(report, "RedisLoginFails", reason, words)
    assert words in report.findings[0].summary
    assert "wr0ng" not in str(report)


def test_a_password_that_nobody_asked_for(start_server: StartServer) -> None:
    report = look(f"redis://:needless@127.0.0.1:{start_server().port}")
    assert_told(report, "RedisLoginFails", Reason.AUTH, "authentication")


def test_a_refused_info_is_no_server_that_is_down(start_server: StartServer) -> None:
    server = start_server()
    server.command("ACL", "SETUSER", "eyes", "on", ">pw", "+@all", "-info")
    report = look(f"redis://eyes:pw@127.0.0.1:{server.port}")
    assert report.problems[server.instance].words == "permission refused"
    assert (report.health, list(report.up), report.down) == (Health.DEGRADED, [server.instance], {})
    assert "RedisInfoRefused" in {finding.name for finding in report.findings}
    assert "RedisDown" not in {finding.name for finding in report.findings}


def test_no_room_for_another_client(start_server: StartServer) -> None:
    for password in ("", ":needless@"):
        server = start_server("--maxclients", "1")
        with occupied(server):
            report = look(f"redis://{password}127.0.0.1:{server.port}")
            assert_told(report, "RedisNoFreeClient", Reason.MAX_CLIENTS, "no free client")


def test_a_script_without_an_end(start_each_server: StartServer) -> None:
    server = start_each_server("--lua-time-limit", "50")
    with socket.create_connection(("127.0.0.1", server.port)) as author:
        author.sendall(b"EVAL 'while true do end' 0\r\n")
        try:
            assert_told(look(server.url), "RedisBusyScript", Reason.BUSY, "busy with a script")
        finally:
            server.command("SCRIPT", "KILL")


@pytest.mark.parametrize(
    ("says", "name", "reason", "words"),
    [
        (DENIED, "RedisProtectedMode", Reason.PROTECTED_MODE, "protected mode"),
        (NOT_YET, "RedisLoading", Reason.LOADING, "loading its data"),
        (b"!HTTP/1.1 400 Bad Request\r\n\r\n", "RedisInfoFails", Reason.PROTOCOL, "not Redis"),
        (Exception("ERR backend gone"), "RedisInfoFails", Reason.REPLY, "error reply"),
    ],
)
def test_what_it_says(says: Any, name: str, reason: Reason, words: str) -> None:
    async def scenario() -> None:
        async with canned_server({"": says, "INFO": says}) as port:
            report = (await take_look(plan_of(default_config([f"redis://127.0.0.1:{port}"])))).report
            assert_told(report, name, reason, words)

    run_async(scenario)


@pytest.mark.parametrize(
    ("trusted", "days", "name", "reason", "words"),
    [
        (True, -1, "RedisCertificateExpired", Reason.CERTIFICATE_EXPIRED, "certificate expired"),
        (False, 100, "RedisTlsFails", Reason.TLS, "TLS fails"),
    ],
    ids=["expired", "untrusted"],
)
def test_a_certificate_that_is_not_good(
    empty_server: RealServer, tmp_path: Path, trusted: bool, days: int, name: str, reason: Reason, words: str
) -> None:
    authority, config = trustme.CA(), tmp_path / "config.yml"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def scenario() -> None:
        until = datetime.now(UTC) + timedelta(days=days)
        async with tls_in_front_of(empty_server, authority, not_after=until) as port:
            config.write_text(f"targets: [{{url: 'rediss://127.0.0.1:{port}', tls: {{ca_file: ca.pem}}}}]\n")
            assert_told((await take_look(plan_of(load_config(config)))).report, name, reason, words)

    run_async(scenario)


def test_each_reason_has_words_of_its_own() -> None:
    assert len({reason.words for reason in Reason}) == len(Reason)
