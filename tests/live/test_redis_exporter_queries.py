"""redis_exporter's mixin and dashboards ask the daemon, and a Prometheus with the real redis_exporter.

All servers are the same ones; answers must have the same label sets and values.
"""

import json
import math
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import redis
import yaml

from tests.conftest import StartServer
from tests.live.daemon import Daemon
from tests.live.prometheus import run_prometheus
from tests.peers import require_program
from tests.servers import RealServer, free_port

QUERIES: Final = Path(__file__).with_name("redis_exporter_queries.yml")
AGREE_SECONDS: Final = 60.0
CLIENTS: Final = 110

Labels = tuple[tuple[str, str], ...]
Answer = Mapping[Labels, float]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One query, and how far its values may lie apart (see the file)."""

    group: str
    expr: str
    relative: float = 0.1
    absolute: float = 0.0
    only: Mapping[str, str] | None = None
    fires: bool = False

    def is_compared(self, labels: Labels) -> bool:
        values = dict(labels)
        return all(re.fullmatch(pattern, values.get(name, "")) for name, pattern in (self.only or {}).items())

    def allows(self, ours: float, theirs: float) -> bool:
        if ours == theirs or (math.isnan(ours) and math.isnan(theirs)):
            return True
        return abs(ours - theirs) <= self.absolute + self.relative * max(abs(ours), abs(theirs))

    def difference(self, ours: Answer, theirs: Answer) -> str:
        """What is not the same, in words; empty where nothing."""
        if ours.keys() != theirs.keys():
            return f"only ours {ours.keys() - theirs.keys()}, only theirs {theirs.keys() - ours.keys()}"
        apart = {
            labels: (ours[labels], theirs[labels])
            for labels in ours
            if not self.allows(ours[labels], theirs[labels])
        }
        return f"values (ours, theirs) {apart}" if apart else ""


@cache
def queries() -> Sequence[Query]:
    groups = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    return [Query(group, **entry) for group, entries in groups.items() for entry in entries]


def ask(url: str, query: Query, at: float) -> Answer:
    parameters = urllib.parse.urlencode({"query": query.expr, "time": at})
    with urllib.request.urlopen(f"{url}/api/v1/query?{parameters}", timeout=10) as response:
        data = json.loads(response.read())["data"]
    if data["resultType"] == "scalar":
        return {(): float(data["result"][1])}
    found = {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in data["result"]}
    return {labels: value for labels, value in found.items() if query.is_compared(labels)}


@contextmanager
def steady_load(server: RealServer) -> Iterator[None]:
    """Some two hundred commands a second, with hits and misses."""
    done = threading.Event()
    client = redis.Redis(host=server.host, port=server.port, protocol=2)

    def run() -> None:
        number = 0
        while not done.wait(0.02):
            number += 1
            pipe = client.pipeline(transaction=False)
            pipe.set("counter", number)
            for key in ("counter", "counter", "missing"):
                pipe.get(key)
            pipe.execute()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        client.close()


@contextmanager
def many_clients(server: RealServer) -> Iterator[None]:
    clients = [redis.Redis(host=server.host, port=server.port, protocol=2) for _ in range(CLIENTS)]
    connections = [client.connection_pool.get_connection() for client in clients]
    yield
    for connection in connections:
        connection.disconnect()


@contextmanager
def redis_exporter(port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [
            require_program("prometheus-redis-exporter"),
            "--redis.addr=",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def scrape_config(exporter_port: int, servers: Sequence[str]) -> str:
    """As the README of redis_exporter has it for several servers."""
    return f"""
scrape_configs:
  - job_name: redis
    scrape_interval: 1s
    scrape_timeout: 1s
    metrics_path: /scrape
    static_configs: [{{targets: {json.dumps(list(servers))}}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '127.0.0.1:{exporter_port}'}}
"""


@contextmanager
def both(directory: Path, servers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The URLs of the daemon and of a Prometheus with redis_exporter, which both watch these servers."""
    config: dict[str, Any] = {
        "global": {"sample_interval": "1s", "sample_timeout": "900ms"},
        "targets": [{"url": f"redis://{server}"} for server in servers],
        "rule_files": [],
        # What these run at their beginning, a rate of redis_exporter does not see: its counts begin with it.
        "samplers": {"keyspace": {"enabled": False}, "queues": {"enabled": False}},
    }
    (directory / "config.yml").write_text(json.dumps(config))
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(redis_exporter(port))
        # The one that takes longer to start comes first: a rate tells how long there have been samples.
        ours = stack.enter_context(Daemon(directory, "--config", str(directory / "config.yml")))
        theirs = stack.enter_context(run_prometheus(directory, scrape_config(port, servers)))
        yield ours.url, theirs


def put_keys(server: RealServer) -> None:
    for number in range(200):
        server.client.set(f"key:{number}", "x" * 100)
    for number in range(50):
        server.client.set(f"fleeting:{number}", "x", ex=10_000)
    # Databases without keys are shown as far as a higher one has some.
    last = redis.Redis(host=server.host, port=server.port, db=15, protocol=2)
    last.set("key", "x")
    last.close()
    for number in range(30):
        server.client.set(f"gone:{number}", "x", px=1)


@pytest.mark.peers("prometheus", "prometheus-redis-exporter")
def test_answers_to_the_queries_of_redis_exporters_mixin_and_dashboards_are_the_same(
    tmp_path: Path, start_server: StartServer
) -> None:
    primary = start_server("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port), "--maxmemory", "100mb")
    node = start_server("--cluster-enabled", "yes", "--maxmemory", "100mb")
    servers = [primary.instance, replica.instance, node.instance, f"127.0.0.1:{free_port()}"]
    put_keys(primary)
    remaining = dict.fromkeys(queries(), "not asked yet")
    fired: set[Query] = set()
    with steady_load(primary), many_clients(primary), both(tmp_path, servers) as (ours, theirs):
        deadline = time.monotonic() + AGREE_SECONDS
        while remaining and time.monotonic() < deadline:
            time.sleep(0.5)
            for query in list(remaining):
                at = time.time() - 1.0
                answer = ask(ours, query, at)
                remaining[query] = query.difference(answer, ask(theirs, query, at))
                if not remaining[query] and (answer or not query.fires):
                    del remaining[query]
                    fired |= {query} if query.fires else set()
    assert not {query.expr: why for query, why in remaining.items()}
    assert fired == {query for query in queries() if query.fires}
