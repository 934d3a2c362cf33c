"""Passwords that change: read again when a server refuses them."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.connection import Connection
from exporter.connection.passwords import Passwords, passwords_of
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, PasswordSource, Target
from tests.conftest import StartServer
from tests.servers import RealServer


class Program:
    """Prints what it is told to, and counts how often it runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.error: TargetError | None = None
        self.now = 0.0
        self.passwords = Passwords(
            PasswordSource(command=("mint", "--key=s3cret")), run=self._run, monotonic=lambda: self.now
        )

    async def _run(self, command: Sequence[str]) -> Secret:
        assert command == ("mint", "--key=s3cret")
        await asyncio.sleep(0)
        self.runs += 1
        if self.error is not None:
            raise self.error
        return Secret(f"token-{self.runs}")


def test_a_token_is_kept_until_it_is_refused_and_minted_once_for_all() -> None:
    program = Program()
    passwords = program.passwords

    async def use() -> None:
        first = {(await passwords.current()).reveal() for _ in range(3)}
        assert (first, program.runs) == ({"token-1"}, 1)
        passwords.accepted(Secret("token-1"))
        # Thirty nodes refuse it at the same moment.
        again = await asyncio.gather(*[passwords.renew(Secret("token-1")) for _ in range(30)])
        assert {one.reveal() for one in again} == {"token-2"}
        assert (await passwords.renew(Secret("token-1"))).reveal() == "token-2"

    asyncio.run(use())
    assert program.runs == 2


def test_tokens_that_are_all_refused_are_minted_at_growing_distances() -> None:
    program = Program()

    async def use() -> None:
        for second in range(600):
            program.now = float(second)
            token = await program.passwords.current()
            await program.passwords.renew(token)

    asyncio.run(use())
    # 0, 5, 15, 35, 75, 135, ... seconds.
    assert program.runs == 13


def test_one_of_two_servers_that_refuses_all_tokens_has_none_minted_at_each_login() -> None:
    program = Program()

    async def use() -> None:
        for second in range(0, 600, 15):
            program.now = float(second)
            token = await program.passwords.current()
            await program.passwords.renew(token)
            program.passwords.accepted(token)

    asyncio.run(use())
    assert program.runs < 20


def test_a_program_that_fails_is_asked_again_later_and_says_why_meanwhile() -> None:
    program = Program()
    program.error = TargetError(Reason.AUTH, "password_command mint ended with status 1")

    async def use() -> list[str]:
        said = []
        for second in range(8):
            program.now = float(second)
            try:
                said.append((await program.passwords.current()).reveal())
            except TargetError as error:
                said.append(str(error).rpartition(" ")[2])
            program.error = None if second == 3 else program.error
        return said

    assert asyncio.run(use()) == ["1"] * 5 + ["token-2"] * 3


def test_arguments_of_a_program_never_show() -> None:
    source = PasswordSource(command=("/opt/mint", "--key=s3cret"))
    assert str(source) == "password_command mint"
    assert "s3cret" not in repr(Target("t", Address(), Credentials("u", source=source)))


def test_one_source_is_shared_by_all_who_name_it(tmp_path: Path) -> None:
    one, other = (Credentials(name, source=PasswordSource(file=tmp_path / "secret")) for name in "ab")
    assert passwords_of(one) is passwords_of(other)


@pytest.mark.parametrize("content", ["", None], ids=["empty", "gone"])
def test_a_file_that_is_being_written_leaves_the_password_as_it_was(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "secret"
    file.write_text("one\n")
    passwords = Passwords(PasswordSource(file=file))

    async def use() -> None:
        assert (await passwords.current()).reveal() == "one"
        file.unlink() if content is None else file.write_text(content)
        assert (await passwords.renew(Secret("one"))).reveal() == "one"
        file.write_text("two\n")
        assert (await passwords.current()).reveal() == "two"

    asyncio.run(use())


Guarded = tuple[RealServer, Path]


@pytest.fixture
def guarded(start_server: StartServer, tmp_path: Path) -> Guarded:
    """A server with a password, and the file with it."""
    file = tmp_path / "secret"
    file.write_text("old-s3cret\n")
    return start_server("--requirepass", "old-s3cret"), file


def with_file(server: RealServer, file: Path) -> Connection:
    credentials = Credentials(source=PasswordSource(file=file))
    return Connection(Target("t", Address("127.0.0.1", server.port), credentials), timeout_seconds=30)


def drop_clients(server: RealServer) -> None:
    server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def failed_logins(server: RealServer) -> int:
    lines: dict[str, dict[str, int]] = server.client.info("errorstats")
    return lines.get("errorstat_WRONGPASS", {}).get("count", 0)


def test_a_password_that_is_changed_on_the_server_and_in_the_file(guarded: Guarded) -> None:
    server, file = guarded

    async def talk() -> None:
        first, second = with_file(server, file), with_file(server, file)
        assert [await one.execute("PING") for one in (first, second)] == [b"PONG"] * 2
        server.command("CONFIG", "SET", "requirepass", "new-s3cret")
        file.write_text("new-s3cret\n")
        drop_clients(server)
        # One refusal, in the same call, for both.
        assert [await _after_loss(one) for one in (first, second)] == [b"PONG"] * 2
        assert failed_logins(server) == 1
        for one in (first, second):
            await one.close()

    asyncio.run(talk())


def test_a_file_that_is_changed_before_the_server(guarded: Guarded) -> None:
    server, file = guarded

    async def talk() -> None:
        connection = with_file(server, file)
        assert await connection.execute("PING") == b"PONG"
        file.write_text("new-s3cret\n")
        drop_clients(server)
        assert await _after_loss(connection) == b"PONG"
        assert failed_logins(server) == 0
        await connection.close()

    asyncio.run(talk())


def test_a_password_that_is_changed_on_the_server_only(guarded: Guarded) -> None:
    server, file = guarded

    async def talk() -> None:
        connection = with_file(server, file)
        assert await connection.execute("PING") == b"PONG"
        server.command("CONFIG", "SET", "requirepass", "new-s3cret")
        drop_clients(server)
        with pytest.raises(TargetError, match="refused to log in") as caught:
            await _after_loss(connection)
        assert caught.value.reason is Reason.WRONG_PASSWORD
        assert f"password_file {file}" in str(caught.value)
        assert "s3cret" not in str(caught.value).replace(str(file), "")
        assert failed_logins(server) == 1
        file.write_text("new-s3cret\n")
        await asyncio.sleep(0.2)
        assert await connection.execute("PING") == b"PONG"
        await connection.close()

    asyncio.run(talk())


async def _after_loss(connection: Connection) -> object:
    """An answer; the first question may be the one by which the loss is noticed."""
    try:
        return await connection.execute("PING")
    except TargetError as error:
        if error.reason is not Reason.CLOSED:
            raise
    return await connection.execute("PING")


def test_a_server_that_has_forgotten_the_login_is_told_again(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--requirepass", "s3cret")
    file = tmp_path / "secret"
    file.write_text("s3cret\n")

    async def talk() -> None:
        connection = with_file(server, file)
        assert await connection.execute("PING") == b"PONG"
        await connection.execute("RESET")
        with pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        assert caught.value.reason is Reason.PASSWORD_REQUIRED
        assert await connection.execute("PING") == b"PONG"
        await connection.close()

    asyncio.run(talk())


def test_a_token_that_has_expired_is_minted_anew(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "first-s3cret")
    token = tmp_path / "token"
    token.write_text("first-s3cret\n")
    command = (sys.executable, "-S", "-c", f"print(open({str(token)!r}).read())")

    async def talk() -> None:
        credentials = Credentials(source=PasswordSource(command=command))
        target = Target("t", Address("127.0.0.1", server.port), credentials)
        connection = Connection(target, timeout_seconds=30)
        assert await connection.execute("PING") == b"PONG"
        server.command("CONFIG", "SET", "requirepass", "second-s3cret")
        token.write_text("second-s3cret\n")
        drop_clients(server)
        assert await _after_loss(connection) == b"PONG"
        assert failed_logins(server) == 1
        await connection.close()

    asyncio.run(talk())


def test_while_a_program_takes_long_that_is_what_is_said() -> None:
    async def talk() -> str:
        command = (sys.executable, "-S", "-c", "import time; time.sleep(600)")
        credentials = Credentials(source=PasswordSource(command=command))
        connection = Connection(Target("t", Address("127.0.0.1", 1), credentials), timeout_seconds=0.5)
        with pytest.raises(TargetError) as caught:
            await connection.execute("PING")
        await connection.close()
        assert caught.value.reason is Reason.AUTH
        return str(caught.value)

    assert asyncio.run(talk()).endswith("has given no password yet")
