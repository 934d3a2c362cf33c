"""Servers that answer as no server should, all kinds of them at once, beside three good ones.

What such replies come to on their own: `tests/connection/test_bounds`, `tests/connection/test_hostile`,
`tests/samplers/test_hostile`.
"""

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from exporter.errors import Reason
from tests.conftest import StartServer
from tests.hostile import KINDS
from tests.live.daemon import Daemon

ROOT = Path(__file__).parents[2]
SECONDS = 20.0
SAMPLERS = {
    "queues": {"enabled": True},
    "keyspace": {"enabled": True, "interval": "30s"},
    "keys": {"count": ["*"], "check": ["*"]},
    "config": {"all": True},
    "clients": {"per_connection": True},
}


@contextlib.contextmanager
def hostile_servers(*kinds: str) -> Iterator[Mapping[str, int]]:
    """Ports by kind, of servers in a process of their own."""
    command = [sys.executable, "-m", "tests.hostile", *kinds]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ports: dict[str, int] = {}
        for line in process.stdout:
            if line == "ready\n":
                break
            port, _, kind = line.strip().partition(" ")
            ports[kind] = int(port)
        try:
            yield ports
        finally:
            process.stdin.close()
            process.kill()


def query(daemon: Daemon, expression: str) -> Mapping[str, float]:
    """The values of an instant query by instance."""
    answer = json.loads(daemon.text("/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
    return {one["metric"].get("instance", ""): float(one["value"][1]) for one in answer["data"]["result"]}


def peak_mb(pid: int) -> int:
    """The greatest resident memory of a process so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def configure(directory: Path, targets: Sequence[Mapping[str, object]]) -> Path:
    rule = {"alert": "Down", "expr": "redis_up == 0"}
    files = {
        "rules.yml": {"groups": [{"name": "all", "interval": "1s", "rules": [rule]}]},
        "config.yml": {
            "global": {"sample_interval": "1s", "evaluation_interval": "1s", "sample_timeout": "1s"},
            "rule_files": ["rules.yml"],
            "samplers": SAMPLERS,
            "targets": list(targets),
        },
    }
    for name, content in files.items():
        (directory / name).write_text(yaml.safe_dump(content))
    return directory / "config.yml"


def test_hostile_servers_cost_themselves_only(start_server: StartServer, tmp_path: Path) -> None:
    good = {f"good{number}": start_server() for number in range(3)}
    with hostile_servers() as ports:
        assert ports.keys() == KINDS.keys()
        targets: list[Mapping[str, object]] = [
            *({"url": server.url, "instance": name} for name, server in good.items()),
            *({"url": f"redis://127.0.0.1:{port}", "instance": kind} for kind, port in ports.items()),
        ]
        with Daemon(tmp_path, "--config", str(configure(tmp_path, targets))) as daemon:
            time.sleep(SECONDS)
            window = f"[{SECONDS - 5:.0f}s]"
            counts = query(daemon, f'count_over_time(redis_up{{instance=~"good.*"}}{window})')
            lowest = query(daemon, f'min_over_time(redis_up{{instance=~"good.*"}}{window})')
            errors = json.loads(
                daemon.text("/api/v1/query?" + urllib.parse.urlencode({"query": "redis_vigil_sampler_error"}))
            )["data"]["result"]
            page = daemon.text("/metrics")
            told = query(daemon, 'ALERTS{alertname="Down",instance=~"good.*"}')
            log, memory = daemon.log, peak_mb(daemon.pid)
            began = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - began < 10
    # On a busy machine passes may be late; none fails.
    assert counts.keys() == good.keys()
    assert min(counts.values()) >= (SECONDS - 5) / 2
    assert set(lowest.values()) == {1.0}
    assert told == {}
    reasons = {one["metric"]["reason"] for one in errors}
    assert reasons <= set(Reason)
    assert Reason.INTERNAL not in reasons
    for kind in KINDS:
        assert len(re.findall(f'instance="{re.escape(kind)}"', page)) < 5_000, kind
        lines = [line for line in log.splitlines() if f'instance="{kind}"' in line]
        assert len(lines) < 60, lines[-3:]
    assert "Traceback" not in log
    assert memory < 900
