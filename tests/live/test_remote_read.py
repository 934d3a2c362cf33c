"""A real Prometheus reads all samples out of the daemon, in both ways, and computes with them as we do."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol import snappy
from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus
from tests.servers import RealServer

pytestmark = pytest.mark.peers("prometheus")

CONFIG = """
global: {{sample_interval: 200ms, external_labels: {{replica: a}}}}
rule_files: []
targets: [{{url: '{url}', instance: cache-1, labels: {{env: test}}}}]
"""
READING = """
global: {{external_labels: {{replica: a}}}}
remote_read: [{{url: '{url}/api/v1/read', read_recent: true}}]
"""
RAW = ['{env="test"}[1h]', '{__name__=~"redis_vigil_.*"}[1h]', "redis_up[1h] offset 2s"]
COMPUTED = [
    "count by (__name__) ({env='test'})",
    "redis_up",
    'redis_up{replica="a"}',
    "rate(redis_commands_processed_total[1h])",
    "changes(redis_up[1h])",
    "sum by (job) (redis_memory_used_bytes offset 2s)",
    'absent(redis_up{replica="b"})',
]


@pytest.fixture(scope="module")
def daemon(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One with some seconds of samples, in which its server was away twice."""
    folder = tmp_path_factory.mktemp("read")
    config = folder / "config.yml"
    config.write_text(CONFIG.format(url=server.url))
    with Daemon(folder, "--config", str(config)) as running:
        wait_until(lambda: "redis_up{" in running.text("/metrics"), 10, "sampled")
        for number in range(20):
            server.command("SET", f"key:{number}", "x" * number)
            time.sleep(0.1)
        for _ in range(2):
            server.kill()
            time.sleep(1.0)
            server.start()
            time.sleep(1.5)
        yield running


def ask(url: str, path: str, **parameters: Any) -> Mapping[str, Any]:
    """The series of a result by their labels, but the external one."""
    answer = httpx.get(f"{url}/api/v1/{path}", params=parameters, timeout=60).json()
    assert answer["status"] == "success", answer
    found = {}
    for one in answer["data"]["result"]:
        labels = {name: value for name, value in one["metric"].items() if (name, value) != ("replica", "a")}
        points = [(moment, float(value)) for moment, value in one["values"]]
        found[json.dumps(labels, sort_keys=True)] = points
    return found


class _SamplesOnly(BaseHTTPRequestHandler):
    """Hands requests on as those of a client that takes samples only."""

    target = ""
    kinds: set[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = pb.ReadRequest.FromString(snappy.decompress(body, 1 << 20))
        del asked.accepted_response_types[:]
        content = snappy.compress(asked.SerializeToString())
        with httpx.stream("POST", self.target + self.path, content=content, timeout=60) as answer:
            read = b"".join(answer.iter_raw())
        self.kinds.add(answer.headers["content-type"])
        self.send_response(answer.status_code)
        for name in ("content-type", "content-encoding"):
            self.send_header(name, answer.headers.get(name, ""))
        self.send_header("content-length", str(len(read)))
        self.end_headers()
        self.wfile.write(read)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written to the tests' output."""


@contextmanager
def samples_only(daemon: Daemon) -> Iterator[type[_SamplesOnly]]:
    """A proxy in front of the daemon; its `target` is where it listens, `kinds` are what it was answered."""
    handler = type("Handler", (_SamplesOnly,), {"target": daemon.url, "kinds": set()})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{proxy.server_address[1]}"  # type: ignore[attr-defined]
    try:
        yield handler
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(10)


def assert_both_agree(daemon: Daemon, url: str, seconds: float = 8.0) -> None:
    """Every sample of every series, and what is computed of them."""
    # The last second may still be written.
    end = round(time.time() - 1.0, 3)
    for query in RAW:
        ours = ask(daemon.url, "query", query=query, time=end)
        assert ours
        assert ask(url, "query", query=query, time=end) == ours, query
    for query in COMPUTED:
        # External labels are on series only on their way out.
        local = query.replace('{replica="a"}', "")
        step: dict[str, Any] = {"start": end - seconds, "end": end, "step": "500ms"}
        ours = ask(daemon.url, "query_range", query=local, **step)
        theirs = ask(url, "query_range", query=query, **step)
        assert ours
        assert theirs.keys() == ours.keys(), query
        for series, points in ours.items():
            assert [moment for moment, _ in theirs[series]] == [moment for moment, _ in points], query
            assert [value for _, value in theirs[series]] == pytest.approx([value for _, value in points]), (
                query
            )


def test_what_was_before_a_restart_is_read_from_disk(server: RealServer, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"storage: {{path: state}}\n{CONFIG.format(url=server.url)}")
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        wait_until(lambda: "redis_up{" in daemon.text("/metrics"), 10, "sampled")
        begin = time.time()
        time.sleep(4.0)
        killed = time.time()
        daemon.kill()
        time.sleep(2.0)
        daemon.start()
        wait_until(lambda: "redis_up{" in daemon.text("/metrics"), 10, "sampled")
        time.sleep(3.0)
        with run_prometheus(tmp_path, READING.format(url=daemon.url)) as url:
            assert_both_agree(daemon, url, seconds=20.0)
            (samples,) = ask(url, "query", query="redis_up[1h]", time=time.time()).values()
    moments = [moment for moment, _ in samples]
    # All but the last second before the kill is there.
    assert moments[0] < begin
    assert sum(moment < killed - 1.0 for moment in moments) > 5
    assert sum(moment > killed + 2.0 for moment in moments) > 3


def test_prometheus_reads_the_same_by_chunks(daemon: Daemon, tmp_path: Path) -> None:
    with run_prometheus(tmp_path, READING.format(url=daemon.url)) as url:
        assert_both_agree(daemon, url)


def test_prometheus_reads_the_same_by_samples(daemon: Daemon, tmp_path: Path) -> None:
    with samples_only(daemon) as proxy:
        address = proxy.url  # type: ignore[attr-defined]
        with run_prometheus(tmp_path, READING.format(url=address)) as url:
            assert_both_agree(daemon, url)
        assert proxy.kinds == {"application/x-protobuf"}
