"""Which server `health`, `scan`, `queues` and `slowlog` ask, and how they get in."""

import json
from pathlib import Path

import pytest

from exporter.cli import looking
from exporter.cli.access import Access
from exporter.cli.selection import Selection, select
from exporter.errors import UsageError
from tests.cli.in_process import Done, run_command
from tests.conftest import StartServer
from tests.servers import RealServer

CONFIG = """
samplers: {queues: {ignore: [everywhere]}}
targets:
- {url: 'rediss://10.0.0.1:6380/2', instance: cache-1, username: mon, password_file: secret,
   tls: {server_name: cache}, samplers: {queues: {max_queues: 7}}}
- {url: 'redis://:inside@10.0.0.2', instance: cache-2}
- {url: 'redis://10.0.0.3', instance: cache-3}
"""
COMMANDS = ("queues", "scan", "slowlog", "health")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds a configuration and a password."""
    (tmp_path / "config.yml").write_text(CONFIG)
    (tmp_path / "secret").write_text("from-file\n")
    (tmp_path / "other").write_text("from-option\n")
    return tmp_path


def choose(
    folder: Path,
    server: str,
    environment: dict[str, str] | None = None,
    *,
    user: str | None = None,
    password_file: str | None = None,
    insecure: bool = False,
) -> Selection:
    access = Access(
        server=server,
        config=folder / "config.yml",
        user=user,
        password_file=folder / password_file if password_file else None,
        insecure=insecure,
    )
    return select(access, environment or {})


def password_of(selection: Selection) -> str:
    credentials = selection.target.credentials
    return str(credentials.source) if credentials.source else credentials.password.reveal()


def test_a_name_brings_everything_along(folder: Path) -> None:
    chosen = choose(folder, "cache-1")
    assert (chosen.target.instance, str(chosen.target.address)) == ("cache-1", "rediss://10.0.0.1:6380/2")
    assert chosen.target.credentials.username == "mon"
    assert password_of(chosen) == f"password_file {folder / 'secret'}"
    assert chosen.target.tls.server_name == "cache"
    assert (chosen.samplers.queues.max_queues, chosen.samplers.queues.ignore) == (7, ("everywhere",))
    # The daemon looks into all databases too.
    assert chosen.samplers.queues.databases == "auto"


@pytest.mark.parametrize("server", ["rediss://10.0.0.1:6380", "rediss://10.0.0.1:6380/5"])
def test_an_address_of_the_configuration_does_too(folder: Path, server: str) -> None:
    chosen = choose(folder, server)
    assert chosen.target.instance == "cache-1"
    assert password_of(chosen) == f"password_file {folder / 'secret'}"
    assert chosen.samplers.queues.max_queues == 7
    is_named = server.endswith("/5")
    assert chosen.samplers.queues.databases == ((5,) if is_named else "auto")
    assert chosen.samplers.keyspace.databases == ((5,) if is_named else None)


def test_database_0_in_a_url_is_meant(folder: Path) -> None:
    assert choose(folder, "redis://10.0.0.9/0").samplers.queues.databases == (0,)
    assert choose(folder, "unix:///run/redis.sock?db=0").samplers.queues.databases == (0,)
    assert choose(folder, "10.0.0.9:6379").samplers.queues.databases == "auto"


def test_whose_password_counts(folder: Path) -> None:
    variable = {"REDISCLI_AUTH": "from-variable"}
    from_variable = "password_env REDISCLI_AUTH"
    assert password_of(choose(folder, "cache-2", variable)) == "inside"
    assert password_of(choose(folder, "redis://10.0.0.2", variable)) == "inside"
    assert password_of(choose(folder, "redis://:url@10.0.0.2", variable)) == "url"
    option = choose(folder, "redis://u:url@10.0.0.2", variable, password_file="other")
    assert password_of(option) == f"password_file {folder / 'other'}"
    assert option.target.credentials.username == "u"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDISCLI_AUTH", "from-variable")
        assert password_of(choose(folder, "cache-3", variable)) == from_variable
        assert password_of(choose(folder, "redis://10.0.0.9", variable)) == from_variable
    assert choose(folder, "cache-1", user="me").target.credentials.username == "me"


def test_options_of_tls(folder: Path) -> None:
    assert choose(folder, "10.0.0.9:6379", insecure=True).target.address.tls
    chosen = choose(folder, "cache-1", insecure=True)
    assert (chosen.target.tls.insecure_skip_verify, chosen.target.tls.server_name) == (True, "cache")
    with pytest.raises(UsageError, match=r"^--insecure: has no effect: TLS needs a URL with rediss://"):
        choose(folder, "redis://10.0.0.9", insecure=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cahe-1", "--config", "config.yml"], 'config.yml has no target "cahe-1": did you mean "cache-'),
        (["xyz", "--config", "config.yml"], 'config.yml has no target "xyz": there are cache-1, cache-2'),
        (["h", "--password-file", "nosuch"], "--password-file: nosuch cannot be read: no such file or"),
        (["rediss://h", "--tls-ca", "nosuch"], "--tls-ca: nosuch cannot be read: no such file or"),
        (["rediss://h", "--key", "secret"], "--key: needs a --cert"),
        (["amqp://:pa55@h"], "the server's URL must begin with redis://"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_does_not_fit_is_wrong_usage(
    folder: Path, command: str, arguments: list[str], message: str
) -> None:
    done = run_command(folder, command, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"redis-vigil: {message}")
    assert done.stderr.count("\n") == 1
    assert "pa55" not in done.stderr


@pytest.fixture
def locked(start_server: StartServer, tmp_path: Path) -> RealServer:
    """A server that wants a password of the user mon, of whom config.yml knows."""
    server = start_server()
    # Its own client is logged in before the default user is switched off.
    server.client.execute_command("ACL", "SETUSER", "mon", "on", ">s3cret", "~*", "+@all")
    server.client.execute_command("ACL", "SETUSER", "default", "resetpass", ">other")
    (tmp_path / "password").write_text("s3cret\n")
    (tmp_path / "config.yml").write_text(
        f"targets: [{{url: '{server.url}', instance: cache-1, username: mon, password_file: password}}]\n"
    )
    return server


@pytest.mark.parametrize("command", COMMANDS)
def test_every_way_in(
    locked: RealServer, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_BETWEEN_SAMPLES_SECONDS", 0.05)

    def ask(*arguments: str, password: str = "") -> Done:
        environment = {"REDISCLI_AUTH": password} if password else {}
        return run_command(tmp_path, command, "--format", "json", *arguments, environment=environment)

    ways = [
        ask("cache-1", "--config", "config.yml"),
        ask(locked.url, "--config", "config.yml"),
        ask(locked.url, "--user", "mon", password="s3cret"),
        ask(locked.url, "--user", "mon", "--password-file", "password"),
    ]
    for done in ways:
        assert (done.returncode, done.stderr) == (0, "")
        json.loads(done.stdout)
    without = ask(locked.url)
    assert without.returncode == 1
    if command != "health":
        assert without.stdout == ""
        assert "NOAUTH" in without.stderr
        assert without.stderr.endswith("Name its password by --password-file, REDISCLI_AUTH or --config.\n")
    assert not any("s3cret" in done.stdout + done.stderr for done in (*ways, without))
