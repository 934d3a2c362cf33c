"""Every query of every dashboard on real servers, answered by Prometheus and by the daemon itself."""

import json
import math
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.promql import parse
from tests.conftest import StartServer
from tests.dashboards.boards import FILES, BoardQuery, load, queries
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.live.test_end_to_end import scraping
from tests.servers import RealServer, free_port

WARM_UP_SECONDS: Final = 14.0
AGREE_SECONDS: Final = 20.0
STEP_SECONDS: Final = 2.0
WINDOW_SECONDS: Final = 6.0
DELAY_SECONDS: Final = 2.0
# Prometheus sees a value up to a scrape later than the daemon: what moves is close, not equal.
TOLERANCE: Final = 0.35
WORKLOAD: Final = """
import asyncio, sys
from exporter.demo.workload import Workload
asyncio.run(Workload(int(sys.argv[1])).run())
"""
RULES: Final = """
groups:
  - name: dashboards
    rules:
      - alert: OnCommand
        # Set by the test once Prometheus has seen the counters of notifications at 0.
        expr: redis_max_clients == 5000
        labels: {severity: info}
      - alert: NotYet
        expr: redis_up == 1
        for: 1h
        labels: {severity: warning}
"""
# What an ordinary server has nothing of. In these panels an empty answer is right.
MAY_BE_EMPTY: Final = {
    ("alerts", "Failing samplers"),
    ("alerts", "Latency of receivers"),
    ("alerts", "Span of the history"),
    ("alerts", "Events"),
    ("alerts", "Failures of OTLP"),
    ("instance", "Full in"),
    ("instance", "Errors by code"),
    ("instance", "Failed and refused calls"),
    ("queues", "Time to drain"),
    ("queues", "Failed and dead letters"),
    ("keyspace", "Growth by pattern"),
    ("slow", "Latency spikes"),
    ("slow", "Longest spike"),
}
# Single queries that are empty here: forecasts want half an hour, growth a minute; nothing fails or is dead.
EMPTY_HERE: Final = (
    # The demo has no streams that share a pattern.
    "redis_queue_worst_member_entries",
    "predict_linear",
    "sum by (integration, reason)",
    "_growth_bytes_per_hour",
    'state="dead"',
    "redis_queue_drain_seconds",
)
# Between infinite and finite with every job, or none and some at once: only that both answer is looked at.
JUMPS: Final = (
    "redis_queue_drain_seconds",
    "redis_vigil_events_waiting",
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
)
Series = dict[tuple[tuple[str, str], ...], list[float]]


@contextmanager
def workload(server: RealServer) -> Iterator[None]:
    """The demo's producers, workers and readers on a server."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKLOAD, str(server.port)],
        cwd=Path(__file__).parent.parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def write_config(folder: Path, primary: RealServer, replica: RealServer, hook: Hook) -> Path:
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(f"""
route: {{receiver: hook, group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: {hook.url}}}]}}]
""")
    (folder / "config.yml").write_text(f"""
global: {{sample_interval: 1s, sample_timeout: 1s, evaluation_interval: 1s}}
targets:
  - {{url: '{primary.url}', instance: primary}}
  - {{url: '{replica.url}', instance: replica}}
samplers:
  clients: {{interval: 1s}}
  command_latency: {{interval: 1s}}
  keyspace: {{interval: 4s}}
  queues:
    lists: [{{key: "queue:{{name}}:{{priority}}", time: {{path: createdAt}}}}]
    workers: [{{key: "worker:status:{{id}}", queue: queue}}]
    index_interval: 2s
    discovery_interval: 4s
rule_files: [rules.yml]
alerting: {{config_file: alertmanager.yml}}
storage: {{path: data}}
remote_write: [{{url: {hook.url}/write, name: far}}]
otlp: {{endpoint: {hook.url}/otlp, interval: 1s}}
""")
    return folder / "config.yml"


def ask(url: str, path: str, parameters: dict[str, str]) -> Any:
    """One answer of the API; POST, as Grafana asks."""
    body = urllib.parse.urlencode(parameters).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data=body), timeout=10) as response:
        answer = json.load(response)
    assert answer["status"] == "success", answer
    return answer["data"]


def run(url: str, query: BoardQuery, at: float) -> Series:
    """The series of one query as its panel asks for it."""
    parameters = {"query": query.expression}
    if query.instant:
        data = ask(url, "/api/v1/query", {**parameters, "time": f"{at:.3f}"})
        rows = [(row["metric"], [row["value"]]) for row in data["result"]]
    else:
        window = {"start": f"{at - WINDOW_SECONDS:.3f}", "end": f"{at:.3f}", "step": f"{STEP_SECONDS:g}"}
        data = ask(url, "/api/v1/query_range", {**parameters, **window})
        rows = [(row["metric"], row["values"]) for row in data["result"]]
    return {_identity(labels): [float(value) for _, value in values] for labels, values in rows}


def _identity(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    # Prometheus writes the bound 10 as 10.0 when it scrapes OpenMetrics.
    bound = {"le": str(float(labels["le"]))} if "le" in labels else {}
    return tuple(sorted((labels | bound).items()))


@dataclass(frozen=True)
class Verdict:
    """What two answers to one query are like; `complaint` is empty where they agree."""

    query: BoardQuery
    is_empty: bool
    complaint: str = ""


def compare(query: BoardQuery, ours: Series, theirs: Series) -> Verdict:
    """The same series, and about the same values."""
    differing = len(ours.keys() ^ theirs.keys())
    # The daemon was there first: in a window that reaches back behind Prometheus' start it may know more.
    is_long = any(window in query.expression for window in ("[5m]", "[1h]"))
    if differing > (len(ours) / 4 if is_long else 0):
        more, less = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
        return Verdict(query, not theirs, f"only ours {more}, only theirs {less}")
    far = [labels for labels in ours.keys() & theirs.keys() if not _close(ours[labels], theirs[labels])]
    # A minority may have moved in between.
    if len(far) > len(ours) / 3:
        return Verdict(
            query, False, f"far apart: {[(labels, ours[labels], theirs[labels]) for labels in far[:3]]}"
        )
    return Verdict(query, not theirs)


def _close(ours: list[float], theirs: list[float]) -> bool:
    mean, other = _mean(ours), _mean(theirs)
    if math.isnan(mean) or math.isnan(other):
        return math.isnan(mean) and math.isnan(other)
    return mean == other or abs(mean - other) <= TOLERANCE * max(abs(mean), abs(other), 1e-3)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)


def judge(ours: str, theirs: str, query: BoardQuery, at: float) -> Verdict:
    """Ask both. Of the greatest ones equals take turns: then all that they were chosen from are compared."""
    verdict = compare(query, run(ours, query, at), run(theirs, query, at))
    among = re.fullmatch(r"topk\(\d+, (.*)\)", query.expression)
    if not verdict.complaint or not among:
        return verdict
    every = replace(query, expression=among[1])
    return replace(compare(query, run(ours, every, at), run(theirs, every, at)), is_empty=verdict.is_empty)


def all_queries() -> list[BoardQuery]:
    return [query for path in FILES for query in queries(path, rate_interval="8s")]


def settle(ours: str, theirs: str) -> dict[BoardQuery, Verdict]:
    """Ask both again and again, until they agree on everything or the time is over."""
    verdicts: dict[BoardQuery, Verdict] = {}
    deadline = time.monotonic() + AGREE_SECONDS
    waiting = all_queries()
    while waiting and time.monotonic() < deadline:
        for query in waiting:
            at = time.time() - DELAY_SECONDS
            verdicts[query] = judge(ours, theirs, query, at)
        waiting = [query for query in waiting if not is_good(verdicts[query])]
        time.sleep(0.2)
    return verdicts


def is_good(verdict: Verdict) -> bool:
    query = verdict.query
    if any(name in query.expression for name in JUMPS):
        return True
    optional = (query.board, query.panel) in MAY_BE_EMPTY or any(
        part in query.expression for part in EMPTY_HERE
    )
    return not verdict.complaint and (not verdict.is_empty or optional or is_mark(query))


def is_mark(query: BoardQuery) -> bool:
    """Restarts and failovers do not happen here."""
    return query.panel in ("annotation Restarts", "annotation Failovers")


@pytest.mark.peers("prometheus")
def test_prometheus_and_the_daemon_answer_every_query_alike(
    start_server: StartServer, tmp_path: Path
) -> None:
    primary = start_server(
        *("--maxmemory", "64mb", "--slowlog-log-slower-than", "500", "--latency-monitor-threshold", "1")
    )
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port), "--maxmemory", "64mb")
    port = free_port()
    with http_hook() as hook, workload(primary):
        config = write_config(tmp_path, primary, replica, hook)
        with Daemon(tmp_path, "--config", str(config)) as daemon:
            with scraping(tmp_path, daemon, port, rule_files=["rules.yml"]):
                prometheus = f"http://127.0.0.1:{port}"
                started = time.monotonic()
                wait_until(lambda: _has_data(prometheus), 30, "Prometheus has scraped the daemon")
                primary.command("CONFIG", "SET", "maxclients", 5000)
                time.sleep(max(0.0, WARM_UP_SECONDS - (time.monotonic() - started)))
                wait_until(
                    lambda: variables_agree(daemon.url, prometheus), 10, "variables have the same lists"
                )
                verdicts = settle(daemon.url, prometheus)
            page = daemon.text("/metrics")
    bad = [f"{v.query}\n    {v.complaint or 'empty'}" for v in verdicts.values() if not is_good(v)]
    assert bad == [], "\n".join(bad)
    check_own_metrics(page)


def _has_data(url: str) -> bool:
    try:
        seen = "redis_keyspace_pattern_keys and on () (alertmanager_notifications_total == 0)"
        return bool(ask(url, "/api/v1/query", {"query": seen})["result"])
    except OSError:
        return False


def variables_agree(ours: str, theirs: str) -> bool:
    """What Grafana asks to fill the lists of the variables: on Prometheus and on the daemon the same."""
    variables = [
        variable["query"]["query"]
        for path in FILES
        for variable in load(path)["templating"]["list"]
        if variable["type"] == "query"
    ]
    for query in set(variables):
        selector, label = query.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        own, other = (_label_values(url, selector, label) for url in (ours, theirs))
        # Prometheus has that of its scrape.
        if not other or own != (["redis"] if label == "job" else other):
            return False
    return True


def _label_values(url: str, selector: str, label: str) -> list[str]:
    for name in ("job", "instance", "framework"):
        selector = selector.replace(f"${name}", ".*")
    query = urllib.parse.urlencode({"match[]": selector})
    with urllib.request.urlopen(f"{url}/api/v1/label/{label}/values?{query}", timeout=10) as response:
        values: list[str] = json.load(response)["data"]
    return sorted(values)


def check_own_metrics(page: str) -> None:
    """The daemon's own metrics, which no sampler declares, are on its page."""
    names = {name for query in all_queries() for name in parse(query.expression).metric_names}
    own = {name for name in names if not name.startswith("redis_") or name.startswith("redis_vigil_")}
    sometimes = {
        "ALERTS",
        "redis_vigil_sampler_error",
        # Of what failed, and of blocks: there are none yet.
        "redis_vigil_history_lowest_timestamp_seconds",
        "redis_vigil_otlp_dropped_items_total",
        "redis_vigil_otlp_failed_requests_total",
    }
    lines = {line.split("{")[0].split(" ")[0] for line in page.splitlines() if not line.startswith("#")}
    assert own - sometimes <= lines
