"""`redis-vigil scan`, as people and scripts run it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.servers import RealServer


def vigil(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def put(server: RealServer, family: str, count: int, database: int = 0) -> None:
    pipe = server.client.pipeline(transaction=False)
    pipe.execute_command("SELECT", database)
    for number in range(count):
        pipe.set(f"{family}:{number}", "x" * 100, ex=1000 if number % 2 else None)
    pipe.execute_command("SELECT", 0)
    pipe.execute()


def test_a_table(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "session", 300)
    put(empty_server, "with[brackets]", 10)
    done = vigil(tmp_path, "scan", empty_server.url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{empty_server.instance}: 310 keys, ")
    (row,) = [line.split() for line in lines if line.startswith("session:*")]
    assert row[1] == "300"
    assert row[-2:] == ["50%", "string"]
    assert any(line.startswith("with[brackets]:*") for line in lines)


def test_json(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "session", 300)
    put(empty_server, "other", 20, database=2)
    done = vigil(tmp_path, "scan", empty_server.url, "--format", "json", "--budget", "unlimited")
    document = json.loads(done.stdout)
    patterns = {(one["database"], one["pattern"]): one for one in document["patterns"]}
    assert patterns.keys() == {("db0", "session:*"), ("db2", "other:*")}
    assert patterns["db0", "session:*"]["keys"] == 300
    assert patterns["db0", "session:*"]["memory_bytes"] > 30_000
    assert patterns["db0", "session:*"]["keys_without_ttl"] == 150
    assert document["complete"] is True
    one = json.loads(vigil(tmp_path, "scan", f"{empty_server.url}/2", "--format", "json").stdout)
    assert [pattern["pattern"] for pattern in one["patterns"]] == ["other:*"]


def test_csv(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "session", 300)
    put(empty_server, "cache", 100)
    done = vigil(
        tmp_path,
        "scan",
        empty_server.url,
        "--format",
        "csv",
        "--pattern",
        "session:{id}",
        "--max-patterns",
        "1",
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["pattern"], row["keys"], row["types"]) for row in rows] == [
        ("session:{id}", "300", "string=300"),
        ("other", "100", "string=100"),
    ]


def test_a_sample(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "session", 5000)
    arguments = ("scan", empty_server.url, "--format", "json", "--budget", "unlimited", "--sample")
    document = json.loads(vigil(tmp_path, *arguments, "1000").stdout)
    assert document["exact"] is False
    assert 700 < document["databases"][0]["asked"] < 1500
    assert document["patterns"][0]["keys"] == 5000
    assert json.loads(vigil(tmp_path, *arguments, "all").stdout)["exact"] is True


def test_settings_from_a_file(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "session", 30)
    (tmp_path / "config.yml").write_text(
        "targets: [{url: 'redis://h'}]\n"
        "samplers: {keyspace: {patterns: ['session:{user}'], key_names: hide}}\n"
    )
    done = vigil(tmp_path, "scan", empty_server.url, "--config", "config.yml", "--format", "json")
    document = json.loads(done.stdout)
    assert [one["pattern"] for one in document["patterns"]] == ["session:{user}"]
    assert document["biggest_keys"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--budget", "3"], 2, '--budget: must be a share such as 1%, or unlimited, not "3"\n'),
        (["--budget", "0%"], 2, '--budget: must be a share such as 1%, or unlimited, not "0%"\n'),
        (
            ["--pattern", "a{b"],
            2,
            '--pattern: "a{b" has a single "{": write {name}, or double it for a brace\n',
        ),
        (["--max-patterns", "0"], 2, "--max-patterns: must be at least 1\n"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    done = vigil(tmp_path, "scan", "redis://127.0.0.1:1", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"redis-vigil: {message}")


def test_no_server(tmp_path: Path) -> None:
    done = vigil(tmp_path, "scan", "redis://:secret@127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "redis-vigil: redis://127.0.0.1:1: Connection refused\n"


def test_an_interrupted_scan_goes_on(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    put(server, "k", 6000)
    arguments = [sys.executable, "-m", "exporter", "scan", server.url, "--format", "json", "--budget", "0.1%"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 90
    while server.client.info("stats")["keyspace_hits"] < 3000 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "interrupted: this is what was seen; --resume goes on\n"
    (pattern,) = json.loads(output)["patterns"]
    assert 0 < pattern["keys"] < 6000
    hits = server.client.info("stats")["keyspace_hits"]
    done = vigil(tmp_path, "scan", server.url, "--format", "json", "--budget", "unlimited", "--resume")
    (pattern,) = json.loads(done.stdout)["patterns"]
    assert (done.stderr, pattern["keys"], pattern["memory_error_ratio"]) == ("", 6000, 0.0)
    # What the first one has asked was not asked again.
    assert server.client.info("stats")["keyspace_hits"] < hits + 4 * 6000 - 1000
    again = vigil(tmp_path, "scan", server.url, "--budget", "unlimited", "--resume")
    assert again.stderr == "nothing to resume, beginning anew\n"
