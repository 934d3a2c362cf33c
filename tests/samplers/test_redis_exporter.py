"""Beside redis_exporter itself, on the same servers: names, types, labels, and values that stand still."""

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.samplers.registry import declared_families
from tests.conftest import StartServer
from tests.peers import require_program
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer, free_port

PEER = "prometheus-redis-exporter"
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "redis_exporter.md"
TABLE_VARIABLE = "REDIS_EXPORTER_METRICS_TSV"
# What 1.45 has as a gauge has been a counter since.
RETYPED = {"redis_expired_time_cap_reached_total"}
# What can be the same twice and another in between: memory, medians, and clients, of which theirs is one.
RESTLESS = re.compile(r"redis_(memory_used|mem_|allocator_|latency_percentiles_usec$|connected_clients$)")
# What is the exporter's own, not the server's.
OWN = re.compile(r"redis_exporter_|redis_target_scrape|redis_up$")

Labels = frozenset[tuple[str, str]]


@dataclass
class Page:
    """An exposition, taken apart: types by family, values by series. Empty labels are no labels."""

    types: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, Labels], float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Page":
        page = cls()
        for line in text.splitlines():
            if line.startswith("# TYPE redis_"):
                _, _, name, kind = line.split()
                page.types[name] = kind
        for family in parse_text(text):
            for sample in family.samples:
                if sample.name.startswith("redis_"):
                    labels = frozenset((name, value) for name, value in sample.labels.items() if value)
                    page.values[sample.name, labels] = sample.value
        return page

    def label_names(self) -> Mapping[str, set[frozenset[str]]]:
        found: dict[str, set[frozenset[str]]] = {}
        for name, labels in self.values:
            found.setdefault(name, set()).add(frozenset(label for label, _ in labels))
        return found


@contextmanager
def peer(server: RealServer, *options: str) -> Iterator[str]:
    """redis_exporter on a server; the URL of its page."""
    port = free_port()
    command = [
        str(require_program(PEER)),
        "-redis.addr",
        server.url,
        "-web.listen-address",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                fetch(url)
                break
            except OSError:
                assert time.monotonic() < deadline, "redis_exporter did not start"
                time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        body: str = response.read().decode()
        return body


def left_out() -> set[str]:
    """The families that the document names as knowingly left out."""
    section = DOCUMENT.read_text().partition("## Metrics that are missing")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(redis_\w+)`", section, re.MULTILINE))


def prepare(server: RealServer) -> None:
    client = server.client
    for index in range(5):
        client.set(f"user:{index}", index, ex=10_000)
    client.set("name", "jo")
    client.select(2)
    client.rpush("list", 1, 2, 3)
    client.select(0)
    client.xadd("orders", {"a": "1"}, id="1000-1")
    client.xgroup_create("orders", "billing", id="0")
    client.xreadgroup("billing", "worker", {"orders": ">"}, count=1)
    client.config_set("slowlog-log-slower-than", 0)
    client.ping()
    client.config_set("slowlog-log-slower-than", -1)
    client.config_set("latency-monitor-threshold", 1)
    client.eval("local n = 0 for i = 1, 3e6 do n = n + i % 7 end", 0)


SETTINGS = {
    "config": {"all": True},
    "keys": {"check": ["user:*"], "check_single": ["name", "db2=list"], "count": ["user:*"], "values": "all"},
    "streams": {"check_single": ["orders"]},
}
OPTIONS = (
    "-include-config-metrics",
    "-include-system-metrics",
    "-check-keys=user:*",
    "-check-single-keys=name,db2=list",
    "-count-keys=user:*",
    "-check-single-streams=orders",
)


def pages(server: RealServer) -> tuple[Page, Page, Page]:
    """Theirs, ours, and theirs again."""
    found: list[Page] = []

    async def scenario() -> None:
        names = ("info", "slowlog", "latency", "command_latency", "config", "keys", "streams")
        async with sampling(server, *names, settings=SETTINGS) as probe:
            with peer(server, *OPTIONS) as url:
                await probe.run()
                fetch(url)
                found.append(Page.parse(fetch(url)))
                await probe.run()
                found.append(Page.parse(probe.page()))
                found.append(Page.parse(fetch(url)))

    run_async(scenario)
    return found[0], found[1], found[2]


@pytest.mark.peers(PEER)
def test_everything_that_it_shows_is_shown(start_each_server: StartServer) -> None:
    server = start_each_server()
    prepare(server)
    before, ours, after = pages(server)
    theirs = {name: kind for name, kind in before.types.items() if name != "redis_exporter_build_info"}

    known = {name for (name, _), value in before.values.items() if value >= 0}
    unknown = {name for (name, _), value in before.values.items() if value < 0} - known
    missing = theirs.keys() - ours.types.keys() - left_out() - {"redis_target_scrape_request_errors_total"}
    # Before the first save a server says -1.
    assert "redis_rdb_last_bgsave_duration_sec" in missing
    assert missing <= unknown
    retyped = {name for name in theirs.keys() & ours.types.keys() if theirs[name] != ours.types[name]}
    assert retyped <= RETYPED
    our_labels = ours.label_names()
    for name, sets in before.label_names().items():
        if name in our_labels and not OWN.match(name):
            # Newer versions tell more of an instance.
            assert all(any(labels <= more for more in our_labels[name]) for labels in sets), name
    standing = {key: value for key, value in before.values.items() if after.values.get(key) == value}
    differing = {
        key: (value, ours.values[key])
        for key, value in standing.items()
        if not OWN.match(key[0])
        and not RESTLESS.match(key[0])
        and key in ours.values
        and ours.values[key] != pytest.approx(value, rel=1e-9)
    }
    assert differing == {}
    compared = [key for key in standing if key in ours.values]
    assert len(compared) > 200


@pytest.mark.peers(PEER)
def test_replication_as_it_shows_it(start_each_server: StartServer) -> None:
    primary = start_each_server()
    replica = start_each_server("--replicaof", "127.0.0.1", str(primary.port))
    deadline = time.monotonic() + 15
    while (
        replica.client.info("replication").get("master_link_status") != "up" and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    for server in (primary, replica):
        before, ours, after = pages_of_info(server)
        names = {name for name, _ in before.values if "slave" in name or "master" in name}
        assert names
        for key, value in before.values.items():
            if key[0] in names and after.values.get(key) == value:
                assert ours.values[key] == value, key


def pages_of_info(server: RealServer) -> tuple[Page, Page, Page]:
    found: list[Page] = []

    async def scenario() -> None:
        async with sampling(server, "info") as probe:
            with peer(server) as url:
                found.append(Page.parse(fetch(url)))
                await probe.run()
                found.append(Page.parse(probe.page()))
                found.append(Page.parse(fetch(url)))

    run_async(scenario)
    return found[0], found[1], found[2]


def test_what_is_left_out_is_said_and_little() -> None:
    declared = {family.name for family in declared_families()}

    assert 0 < len(left_out()) <= 12
    assert left_out() & declared == {"redis_db_keys_cached"}


def test_the_list_of_all_its_metrics() -> None:
    """A table of redis_exporter's metrics (name without `redis_`, type, labels), where there is one."""
    given = os.environ.get(TABLE_VARIABLE)
    declared = {family.name: family for family in declared_families()}
    rows = [line.split("\t") for line in Path(given).read_text().splitlines()] if given else []
    for name, kind, labels, *_ in rows:
        family = declared.get(f"redis_{name}")
        if family is None:
            assert f"redis_{name}" in left_out()
        elif kind in ("gauge", "counter"):
            assert (name, family.kind.value) == (name, kind)
        else:
            assert (name, ", ".join(family.label_names)) == (name, labels)
