"""`redis-vigil export`: promtool makes blocks of it, and a Prometheus on them answers as the daemon does."""

import json
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import httpx
import pytest

from tests.cli.in_process import run_command
from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus
from tests.live.test_remote_read import ask
from tests.peers import require_program
from tests.servers import RealServer

CONFIG = """
global: {{sample_interval: 200ms, external_labels: {{replica: a}}}}
storage: {{path: state}}
rule_files: [rules.yml]
targets: [{{url: '{url}', instance: cache-1, labels: {{env: "te\\"st\\\\"}}}}]
"""
RULES = """
groups:
  - name: recorded
    interval: 1s
    rules:
      - {record: 'instance:commands:rate10s', expr: 'rate(redis_commands_processed_total[10s])'}
      - {record: 'commands_total_created', expr: 'redis_commands_processed_total', labels: {le: "0.1"}}
"""
QUERIES = [
    '{env!=""}',
    "redis_memory_used_bytes",
    "instance:commands:rate10s",
    "max by (__name__) ({__name__=~'redis_.+_total|commands_total_created'})",
    'max by (le) ({__name__=~".+_bucket"})',
]


@pytest.fixture(scope="module")
def daemon(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("export")
    (folder / "rules.yml").write_text(RULES)
    config = folder / "config.yml"
    config.write_text(CONFIG.format(url=server.url))
    with Daemon(folder, "--config", str(config)) as running:
        wait_until(lambda: "redis_up{" in running.text("/metrics"), 10, "sampled")
        for number in range(30):
            server.command("SET", f"key:{number}", "x" * number)
            time.sleep(0.1)
        yield running


@pytest.mark.peers("prometheus", "promtool")
def test_a_prometheus_on_the_blocks_answers_the_same(daemon: Daemon, tmp_path: Path) -> None:
    time.sleep(1.0)
    end = round(time.time() - 0.5, 3)
    done = run_command(
        tmp_path, "export", "--url", daemon.url, "--since", "1h", "--until", f"{end}", "--output", "all.om"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(" series to all.om\n")
    made = subprocess.run(
        [str(require_program("promtool")), "tsdb", "create-blocks-from", "openmetrics", "all.om", "blocks"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    ours = {query: ask(daemon.url, "query_range", query=query, **_steps(end)) for query in QUERIES}
    with run_prometheus(tmp_path, "", tmp_path / "blocks") as url:
        raw = ask(url, "query", query='{__name__!=""}[1h]', time=end)
        for query in QUERIES:
            assert ours[query], query
            assert ask(url, "query_range", query=query, **_steps(end)) == ours[query], query
    assert raw == ask(daemon.url, "query", query='{__name__!=""}[1h]', time=end)


def _steps(end: float) -> dict[str, object]:
    return {"start": end - 3, "end": end, "step": "500ms"}


def test_lines_of_json_and_csv_tell_the_same(daemon: Daemon, tmp_path: Path) -> None:
    end = f"{time.time():.3f}"
    arguments = ["export", "--url", daemon.url, "--since", "1h", "--until", end, "--match", "redis_up"]
    lines = run_command(tmp_path, *arguments, "--format", "json").stdout.splitlines()
    read = [json.loads(line) for line in lines]
    assert {one["metric"]["env"] for one in read} == {'te"st\\'}
    table = run_command(tmp_path, *arguments, "--format", "csv").stdout.splitlines()
    assert table[0] == "name,labels,time,value"
    assert len(table) - 1 == sum(len(one["values"]) for one in read) > 10


def test_the_directory_has_what_the_daemon_has(daemon: Daemon, tmp_path: Path) -> None:
    # What is on disk is up to a second older than what is in memory.
    end = time.time() - 0.5
    time.sleep(2.0)
    arguments = ["export", "--since", "1h", "--until", f"{end:.3f}", "--format", "csv"]
    by_url = run_command(tmp_path, *arguments, "--url", daemon.url)
    config = daemon.directory / "config.yml"
    for place in (["--path", str(daemon.directory / "state")], ["--config", str(config)]):
        by_path = run_command(daemon.directory, *arguments, *place)
        assert by_path.returncode == 0, by_path.stderr
        assert sorted(by_path.stdout.splitlines()) == sorted(by_url.stdout.splitlines())
        assert by_path.stderr == by_url.stderr


def test_a_password_lets_in(server: RealServer, tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{me: '{hashed}'}}\n")
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "config.yml").write_text(
        f"global: {{sample_interval: 1s}}\nrule_files: []\ntargets: [{{url: '{server.url}'}}]\n"
        "web: {config_file: web.yml}\n"
    )
    login = {"authorization": f"Basic {b64encode(b'me:hunter2').decode()}"}
    with Daemon(tmp_path, "--config", "config.yml", headers=login) as daemon:
        time.sleep(1.5)
        for path in ("/federate?match[]=redis_up", "/api/v1/read"):
            assert httpx.request("GET", daemon.url + path).status_code == 401
        arguments = ["export", "--since", "1h", "--match", "redis_up"]
        refused = run_command(tmp_path, *arguments, "--url", daemon.url)
        assert refused.returncode == 1
        assert "asks for a name and a password" in refused.stderr
        for access in (
            ["--url", daemon.url, "--user", "me", "--password-file", "password"],
            ["--url", daemon.url.replace("//", "//me:hunter2@")],
        ):
            done = run_command(tmp_path, *arguments, *access)
            assert done.stdout.startswith("# TYPE redis_up gauge\nredis_up{")
            assert "hunter2" not in done.stderr
