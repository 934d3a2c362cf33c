"""`redis-vigil init`: what it says and writes, for servers of several makes, and what it never does.

How a daemon gets on with the files: tests/live/test_first_files.py.
"""

import asyncio
import os
import re
import stat
import subprocess
from pathlib import Path
from unittest import mock

import bcrypt
import pytest
import yaml

from exporter.cli import first_files
from exporter.shipped import shipped
from tests.cli.flavours import CASES, flavour, load_case
from tests.cli.in_process import Done, run_command
from tests.conftest import StartServer
from tests.peers import require_program
from tests.servers import RealServer, free_port

NAMES = sorted(path.stem for path in CASES.glob("*.yml"))


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are the same on every machine."""
    monkeypatch.setattr(first_files, "getfqdn", lambda: "vigil.example.com")
    for name in ("REDIS_URL", "REDISCLI_AUTH"):
        monkeypatch.delenv(name, raising=False)


def record(folder: Path, done: Done, port: int) -> str:
    """Everything that a user gets to see, as it stands in a case's file."""
    written = folder / "config.yml"
    config = written.read_text() if written.exists() else ""
    text = f"exit {done.returncode}\n{done.stdout}{done.stderr}\n---- config.yml\n{config}"
    return text.replace(str(port), "PORT")


def show(name: str, folder: Path) -> str:
    """Run the command on the server of a case."""

    async def scenario() -> str:
        async with flavour(load_case(name)) as port:
            url = f"redis://127.0.0.1:{port}"
            done = await asyncio.to_thread(run_command, folder, "init", url)
            return record(folder, done, port)

    return asyncio.run(scenario())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_and_written(name: str, tmp_path: Path) -> None:
    assert show(name, tmp_path) == (CASES / f"{name}.txt").read_text()
    if (tmp_path / "config.yml").exists():
        checked = run_command(tmp_path, "check", "config", "config.yml")
        assert (checked.returncode, checked.stderr) == (0, "")


def test_alertmanager_yml_is_good_as_it_is_and_tells_nobody(tmp_path: Path) -> None:
    done = run_command(tmp_path, "init", "--offline", "redis://cache.example.com")
    assert done.returncode == 0
    checked = run_command(tmp_path, "check", "alertmanager", "alertmanager.yml")
    assert (checked.returncode, checked.stderr) == (0, "")
    document = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())
    assert document["receivers"] == [{"name": "people"}, {"name": "nobody"}]
    assert document["route"]["receiver"] == "people"
    ours = yaml.safe_load(shipped("alertmanager.yml").read_text())
    assert document["inhibit_rules"] == ours["inhibit_rules"]
    assert document["route"]["routes"] == ours["route"]["routes"]


def fill_in(folder: Path) -> None:
    """Take the # away from everything under `receivers`, as the file says."""
    path = folder / "alertmanager.yml"
    head, receivers, rest = re.split(
        r"^(receivers:\n.*?)(?=^# One cause)", path.read_text(), flags=re.M | re.S
    )
    filled = re.sub(r"^( {2,4})# (?=[ -]|[a-z_]+_configs:|webhook)", r"\1", receivers, flags=re.MULTILINE)
    assert filled != receivers
    path.write_text(head + filled + rest)
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "slack-url").write_text("https://hooks.slack.com/services/x\n")
    (folder / "secrets" / "smtp-password").write_text("x\n")


def test_slack_and_mail_are_good_when_the_hashes_are_gone(tmp_path: Path) -> None:
    run_command(tmp_path, "init", "--offline", "redis://cache.example.com")
    fill_in(tmp_path)
    checked = run_command(tmp_path, "check", "alertmanager", "alertmanager.yml")
    assert (checked.returncode, checked.stderr) == (0, "")
    people = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())["receivers"][0]
    assert list(people) == ["name", "slack_configs", "email_configs"]


def test_slack_is_filled_in_where_its_url_is_there(tmp_path: Path) -> None:
    (tmp_path / "slack-url").write_text("https://hooks.slack.com/services/T/B/x\n")
    options = ("--slack-url-file", "slack-url", "--offline")
    done = run_command(tmp_path, "init", *options, "redis://cache.example.com")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nobody is told" not in done.stdout
    assert "redis-vigil test notify --config alertmanager.yml people" in done.stdout
    people = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())["receivers"][0]
    slack = {"channel": "#redis", "api_url_file": "slack-url", "send_resolved": True}
    assert people == {"name": "people", "slack_configs": [slack]}
    checked = run_command(tmp_path, "check", "config", "config.yml")
    assert (checked.returncode, checked.stderr) == (0, "")
    done = run_command(tmp_path, "init", "--slack-url-file", "missing", "--dry-run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.peers("amtool")
@pytest.mark.parametrize("filled", [False, True])
def test_amtool_agrees(tmp_path: Path, filled: bool) -> None:
    run_command(tmp_path, "init", "--offline", "redis://cache.example.com")
    if filled:
        fill_in(tmp_path)
    amtool = require_program("amtool")
    done = subprocess.run(
        [amtool, "check-config", "alertmanager.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("mine\n")
    done = run_command(tmp_path, "init", f"redis://127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert done.stderr == (
        "redis-vigil: alertmanager.yml: exists already, and is left as it is; name another --output\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["alertmanager.yml"]


def test_a_server_that_does_not_answer_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    port = free_port()
    done = run_command(tmp_path, "init", f"redis://:hunter2@127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"redis-vigil: redis://127.0.0.1:{port}: Connection refused; is the server running there? "
        "--offline writes the files without asking it\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_all_that_do_not_answer_are_told(empty_server: RealServer, tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    urls = [f"redis://127.0.0.1:{port}" for port in ports]
    done = run_command(tmp_path, "init", urls[0], empty_server.url, urls[1])
    assert done.returncode == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == urls
    assert list(tmp_path.iterdir()) == []


def test_a_missing_and_a_wrong_password_have_a_way_out(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "hunter2")
    done = run_command(tmp_path, "init", server.url)
    assert done.returncode == 1
    way_out = "give user and password by --user and --password-file, in the URL, or as REDISCLI_AUTH"
    assert done.stderr == f"redis-vigil: {server.url}: NOAUTH Authentication required; {way_out}\n"
    done = run_command(tmp_path, "init", server.url, environment={"REDISCLI_AUTH": "wrong"})
    assert done.returncode == 1
    assert "the password that of --password-file or REDISCLI_AUTH" in done.stderr
    assert ".;" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_scheme_that_is_wrong(empty_server: RealServer, tmp_path: Path) -> None:
    done = run_command(tmp_path, "init", empty_server.url.replace("redis:", "rediss:"))
    assert done.returncode == 1
    assert f"the port does not speak TLS: write {empty_server.url}" in done.stderr


def test_a_url_that_is_none(tmp_path: Path) -> None:
    done = run_command(tmp_path, "init", "http://cache.example.com")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_without_a_url_it_is_that_of_the_environment(empty_server: RealServer, tmp_path: Path) -> None:
    done = run_command(tmp_path, "init", environment={"REDIS_URL": empty_server.url})
    assert done.stdout.startswith(f"{empty_server.url}: ")


def test_offline_the_servers_stand_there_as_they_were_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(Path(__file__).read_text())
    certificates = ("--tls-ca", "ca.pem", "--insecure")
    done = run_command(
        tmp_path,
        *("init", "--offline", *certificates),
        "rediss://mon:hunter2@a.example.com:6380",
        "rediss://mon:hunter2@b.example.com:6380",
        "rediss://:other@c.example.com:6380",
    )
    assert (done.returncode, done.stderr) == (0, "")
    document = yaml.safe_load((tmp_path / "config.yml").read_text())
    tls = {"ca_file": "ca.pem", "insecure_skip_verify": True}
    first = {"username": "mon", "password_file": "secrets/redis", "tls": tls}
    assert document["targets"] == [
        {"url": "rediss://a.example.com:6380", **first},
        {"url": "rediss://b.example.com:6380", **first},
        {"url": "rediss://c.example.com:6380", "password_file": "secrets/redis-2", "tls": tls},
    ]
    assert (tmp_path / "secrets" / "redis").read_text() == "hunter2\n"
    assert (tmp_path / "secrets" / "redis-2").read_text() == "other\n"
    assert "secrets/redis (readable by you only)" in done.stdout
    everything = done.stdout + (tmp_path / "config.yml").read_text()
    assert "hunter2" not in everything


def test_files_of_the_user_are_named_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    options = ("--password-file", "password", "--user", "mon", "--output", "new", "--offline")
    done = run_command(tmp_path, "init", *options, "redis://a.example.com")
    assert done.returncode == 0
    (target,) = yaml.safe_load((tmp_path / "new" / "config.yml").read_text())["targets"]
    path = str(tmp_path / "password")
    assert target == {"url": "redis://a.example.com:6379", "username": "mon", "password_file": path}
    assert "redis-vigil run --config new/config.yml" in done.stdout
    checked = run_command(tmp_path, "check", "config", "new/config.yml")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_password_of_the_environment_stays_there(empty_server: RealServer, tmp_path: Path) -> None:
    environment = {"REDISCLI_AUTH": "hunter2"}
    done = run_command(tmp_path, "init", "--offline", empty_server.url, environment=environment)
    assert done.returncode == 0
    assert "password_env: REDISCLI_AUTH" in (tmp_path / "config.yml").read_text()
    assert not (tmp_path / "secrets").exists()


def test_a_dry_run_prints_the_files_and_hides_secrets(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "hunter2")
    folder = tmp_path / "new"
    folder.mkdir()
    done = run_command(folder, "init", "--dry-run", "--web-config", f"redis://:hunter2@{server.instance}")
    assert done.returncode == 0
    assert list(folder.iterdir()) == []
    names = re.findall(r"^# ---- (.*)$", done.stdout, re.MULTILINE)
    assert names == ["config.yml", "alertmanager.yml", "secrets/redis", "web-config.yml"]
    assert done.stdout.count("<hidden>") == 2
    assert "hunter2" not in done.stdout + done.stderr
    assert f"{server.url}: " in done.stderr


def test_a_user_of_the_pages_whose_password_is_shown_once(tmp_path: Path) -> None:
    options = ("--offline", "--web-config", "--web-user", "ops")
    done = run_command(tmp_path, "init", *options, "redis://a.example.com")
    (password,) = re.findall(r"^The password of ops, which is shown this once: (\S{20,})$", done.stdout, re.M)
    path = tmp_path / "web-config.yml"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    users = yaml.safe_load(path.read_text())["basic_auth_users"]
    assert bcrypt.checkpw(password.encode(), users["ops"].encode())
    assert yaml.safe_load((tmp_path / "config.yml").read_text())["web"]["config_file"] == "web-config.yml"
    checked = run_command(tmp_path, "check", "config", "config.yml")
    assert (checked.returncode, checked.stderr) == (0, "")
    for file in ("web-config.yml", "config.yml", "alertmanager.yml"):
        assert password not in (tmp_path / file).read_text()


def type_in(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """Somebody sits at a terminal, and answers so."""
    answers = iter(texts)
    monkeypatch.setattr("sys.stdin", mock.Mock(isatty=lambda: True))
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))


def test_a_password_of_ones_own_is_asked_for_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, "hunter2", "hunter2")
    done = run_command(tmp_path, "init", "--offline", "--web-config", "redis://a.example.com")
    assert done.returncode == 0
    assert "hunter2" not in done.stdout
    users = yaml.safe_load((tmp_path / "web-config.yml").read_text())["basic_auth_users"]
    assert bcrypt.checkpw(b"hunter2", users["admin"].encode())


@pytest.mark.parametrize(
    ("texts", "message"),
    [(("hunter2", "hunter3"), "the two passwords differ"), (("x" * 73, "x" * 73), "has more than 72 bytes")],
)
def test_a_password_that_cannot_be_taken_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: tuple[str, str], message: str
) -> None:
    type_in(monkeypatch, *texts)
    done = run_command(tmp_path, "init", "--offline", "--web-config", "redis://a.example.com")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_lists_that_look_like_queues_are_told(empty_server: RealServer, tmp_path: Path) -> None:
    empty_server.client.lpush("tasks:mail", "1", "2")
    done = run_command(tmp_path, "init", empty_server.url)
    assert "  1 list looks like a queue (2 entries): describe them under samplers.queues.lists" in done.stdout


def test_a_socket(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    start_server("--unixsocket", str(path))
    folder = tmp_path / "new"
    done = run_command(tmp_path, "init", "--output", "new", f"unix://{path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load((folder / "config.yml").read_text())["targets"] == [{"url": f"unix://{path}"}]


def test_a_server_is_only_read(empty_server: RealServer, tmp_path: Path) -> None:
    for index in range(20):
        empty_server.client.set(f"key:{index}", "x")
    before = empty_server.client.info("commandstats")
    changes = empty_server.client.info("persistence")["rdb_changes_since_last_save"]
    done = run_command(tmp_path, "init", empty_server.url)
    assert done.returncode == 0
    assert "20 keys" in done.stdout
    after = empty_server.client.info("commandstats")
    asked = {name.removeprefix("cmdstat_") for name in after if after[name] != before.get(name)}
    readers = {"info", "ping", "scan", "type", "select", "psubscribe"}
    assert {name for name in asked if "|" not in name} <= readers, asked
    words = {"list", "get", "len", "latest", "history", "histogram", "stats", "log", "setname", "no-touch"}
    assert {name.partition("|")[2] for name in asked if "|" in name} <= words, asked
    assert empty_server.client.info("persistence")["rdb_changes_since_last_save"] == changes
