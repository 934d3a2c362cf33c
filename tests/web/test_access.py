"""web-config.yml and its certificates hold as soon as they change, over real connections."""

import asyncio
import contextlib
import http.client
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path

import bcrypt
import pytest
import trustme
import uvloop
from starlette.responses import PlainTextResponse

from exporter.config.web import WebSection
from exporter.web.access import CurrentAccess, read_access
from exporter.web.middleware import Entrance
from exporter.web.server import WebServer, bind

Scenario = Callable[["Stage"], Awaitable[None]]
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


class Stage:
    """A server with a web-config.yml in a directory, and its clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "web-config.yml"
        self.authority = trustme.CA()
        self.connections: list[http.client.HTTPConnection] = []
        self._writes = 0

    def write(self, text: str, age: float = 0.0) -> None:
        """Write web-config.yml, so many seconds ago."""
        self.file.write_text(text)
        self._touch(self.file, age)

    def certify(self, authority: trustme.CA | None = None) -> None:
        """Write a new certificate and its key."""
        certificate = (authority or self.authority).issue_cert("localhost")
        certificate.private_key_pem.write_to_path(self.folder / "web.key")
        for number, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(self.folder / "web.crt", append=number > 0)
        for name in ("web.key", "web.crt"):
            self._touch(self.folder / name)

    def _touch(self, path: Path, age: float = 0.0) -> None:
        """Give a file a time of its own, however quickly one change follows another."""
        self._writes += 1
        at = path.stat().st_mtime_ns - int(age * 1e9) + self._writes
        os.utime(path, ns=(at, at))

    def start(self) -> None:
        section = WebSection.model_validate({"config_file": self.file})
        self.access = CurrentAccess(read_access(section))
        app = Entrance(PlainTextResponse("inside"), self.access)
        self.server = WebServer(app, bind("127.0.0.1", 0), self.access.context)
        self.access.on_clients = self.server.renew_connections
        self.server.start()

    def connect(
        self, certificate: trustme.LeafCert | None = None, version: str = ""
    ) -> http.client.HTTPConnection:
        """A connection that stays open until the scenario is over."""
        port = self.server.address[1]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        if self.access.context is not None:
            connection = _Tls(port, self._client_context(certificate, version))
        self.connections.append(connection)
        return connection

    def _client_context(
        self, certificate: trustme.LeafCert | None = None, version: str = ""
    ) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate is not None:
            certificate.configure_cert(context)
        if version:
            context.maximum_version = getattr(ssl.TLSVersion, version)
        return context

    async def ask(self, user: str = "", connection: http.client.HTTPConnection | None = None) -> int:
        """The status of one request by `name:password`."""
        return await asyncio.to_thread(_ask, connection or self.connect(), user)

    async def serial(self) -> int:
        """Which certificate is served."""

        def look() -> int:
            with (
                socket.create_connection(self.server.address, timeout=20) as plain,
                self._client_context().wrap_socket(plain) as secure,
            ):
                blob = secure.getpeercert(binary_form=True)
            assert blob is not None
            return hash(blob)

        return await asyncio.to_thread(look)


class _Tls(http.client.HTTPSConnection):
    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=20, context=context)


def _ask(connection: http.client.HTTPConnection, user: str) -> int:
    headers = {"authorization": f"Basic {b64encode(user.encode()).decode()}"} if user else {}
    connection.request("GET", "/", headers=headers)
    with connection.getresponse() as response:
        response.read()
        return response.status


@pytest.fixture(params=LOOPS)
def play(request: pytest.FixtureRequest, tmp_path: Path) -> "Play":
    def run(stage: Stage, scenario: Scenario) -> None:
        async def main() -> None:
            stage.start()
            try:
                await scenario(stage)
            finally:
                for connection in stage.connections:
                    connection.close()
                await stage.server.stop()

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(main())

    return run


Play = Callable[[Stage, Scenario], None]
TLS = "tls_server_config: {cert_file: web.crt, key_file: web.key"


def test_who_is_taken_out_is_out_over_an_open_connection_too(play: Play, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    alice, bob = hashed("a"), hashed("b")
    stage.write(f"basic_auth_users: {{alice: '{alice}', bob: '{bob}'}}\n")

    async def scenario(stage: Stage) -> None:
        connection = stage.connect()
        assert await stage.ask("bob:b", connection) == 200
        assert await stage.ask("bob:b", connection) == 200
        stage.write(f"basic_auth_users: {{alice: '{alice}'}}\n")
        assert await stage.ask("bob:b", connection) == 401
        assert await stage.ask("alice:a") == 200
        stage.write(f"basic_auth_users: {{alice: '{hashed('new')}'}}\n")
        assert [await stage.ask("alice:a"), await stage.ask("alice:new")] == [401, 200]

    play(stage, scenario)


def test_users_are_asked_for_as_soon_as_there_are_some(play: Play, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.write("http_server_config: {headers: {X-Frame-Options: SAMEORIGIN}}\n")

    async def scenario(stage: Stage) -> None:
        assert await stage.ask() == 200
        stage.write(f"basic_auth_users: {{alice: '{hashed('a')}'}}\n")
        assert [await stage.ask(), await stage.ask("alice:a")] == [401, 200]

    play(stage, scenario)


def test_a_broken_file_keeps_the_users_and_says_so_once(
    play: Play, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path)
    good = f"basic_auth_users: {{alice: '{hashed('a')}'}}\n"
    stage.write(good)

    async def scenario(stage: Stage) -> None:
        for broken in ("basic_auth_users: {alice: '$2y", "basic_auth_usrs: {}\n"):
            stage.write(broken)
            for _ in range(3):
                assert [await stage.ask(), await stage.ask("alice:a")] == [401, 200]
            assert not stage.access.is_current
        stage.file.unlink()
        assert await stage.ask() == 401
        stage.write(good)
        assert await stage.ask("alice:a") == 200
        assert stage.access.is_current

    play(stage, scenario)
    assert [record.levelname for record in caplog.records].count("ERROR") == 3


def test_a_file_that_is_just_being_written_lets_nobody_in(
    play: Play, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path)
    stage.write(f"basic_auth_users: {{alice: '{hashed('a')}'}}\n")

    async def scenario(stage: Stage) -> None:
        stage.write("")
        assert await stage.ask() == 401
        assert "nobody needs a password" not in caplog.text
        # Nobody has touched it since: it is meant.
        stage.write("", age=60)
        assert await stage.ask() == 200
        assert "nobody needs a password any more" in caplog.text

    play(stage, scenario)


def test_a_renewed_certificate_is_served_at_the_next_handshake(
    play: Play, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path)
    stage.certify()
    stage.write(f"{TLS}}}\n")

    async def scenario(stage: Stage) -> None:
        first = await stage.serial()
        open_before = stage.connect()
        assert await stage.ask(connection=open_before) == 200
        stage.certify()
        second = await stage.serial()
        assert second != first
        assert await stage.ask(connection=open_before) == 200
        # The certificate is there already, its key is not yet.
        key = (stage.folder / "web.key").read_bytes()
        (stage.folder / "web.key").write_bytes(key[:100])
        for _ in range(3):
            assert await stage.serial() == second
        assert not stage.access.is_current
        (stage.folder / "web.key").write_bytes(key)
        assert await stage.serial() == second
        assert stage.access.is_current

    play(stage, scenario)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


def test_a_handshake_has_the_time_of_headers(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.web.server.HEAD_SECONDS", 0.2)
    stage = Stage(tmp_path)
    stage.certify()
    stage.write(f"{TLS}}}\n")

    async def scenario(stage: Stage) -> None:
        reader, writer = await asyncio.open_connection(*stage.server.address)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.transport.abort()

    play(stage, scenario)


def test_the_authority_of_clients_and_the_versions_follow(play: Play, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.certify()
    first, second = trustme.CA(), trustme.CA()
    for name, authority in (("first.pem", first), ("second.pem", second)):
        authority.cert_pem.write_to_path(tmp_path / name)
    demand = f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: "
    stage.write(f"{TLS}}}\n")

    async def is_let_in(certificate: trustme.LeafCert | None = None, version: str = "") -> bool:
        try:
            return await stage.ask(connection=stage.connect(certificate, version)) == 200
        except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
            return False

    async def scenario(stage: Stage) -> None:
        old, new = first.issue_cert("client"), second.issue_cert("client")
        assert await is_let_in()
        stage.write(f"{demand}first.pem}}\n")
        assert [await is_let_in(), await is_let_in(old)] == [False, True]
        kept = stage.connect(old)
        assert await stage.ask(connection=kept) == 200
        stage.write(f"{demand}second.pem}}\n")
        assert [await is_let_in(old), await is_let_in(new)] == [False, True]
        # Who came in by the former authority is out: the client opens its connection anew, in vain.
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            await stage.ask(connection=kept)
        assert await is_let_in(new, "TLSv1_2")
        stage.write(f"{demand}second.pem, min_version: TLS13}}\n")
        assert not await is_let_in(new, "TLSv1_2")
        assert await is_let_in(new)

    play(stage, scenario)


def test_tls_begins_and_ends_with_a_restart(play: Play, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.certify()
    stage.write(f"{TLS}}}\n")

    async def scenario(stage: Stage) -> None:
        serial = await stage.serial()
        stage.write(f"basic_auth_users: {{alice: '{hashed('a')}'}}\n")
        assert [await stage.ask(), await stage.ask("alice:a")] == [401, 200]
        assert stage.access.restart_needed
        assert await stage.serial() == serial
        stage.write(f"{TLS}}}\nbasic_auth_users: {{alice: '{hashed('a')}'}}\n")
        assert await stage.ask("alice:a") == 200
        assert not stage.access.restart_needed

    play(stage, scenario)
