"""Whatever a list of servers says, `/metrics` and `/sd` can be read by a real Prometheus."""

import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import prometheus

# Labels of one group each; those of the second list belong to a group that is none.
GOOD: list[dict[str, Any]] = [
    {"team": "ops"},
    {"text": 'a "quoted"\nline \\ and \x00 \x1b[2J \x7f \r end'},
    {"half": "\udcff", "emoji": "\U0001f525", "right_to_left": "\u202e"},
    {"db": "mine", "le": "1", "quantile": "0.5", "cmd": "get", "job": "theirs", "role": "boss"},
    {"__meta_datacenter": "x" * 10_000, "__name__": "redis_up", "__address__": "nowhere:1"},
    {"instance": 'a name "with" everything\n\\', "empty": "", "nothing": None},
    {"exported_instance": "x", "Job": "x", "_": "x"},
]
BAD: list[dict[str, Any]] = [
    {"team name": "a"},
    {"": "a"},
    {"1x": "a"},
    {"é": "a"},
    {"x-y": "a"},
    {"n": 1},
    {"l": ["a"]},
    {"long": "x" * 100_000},
    {f"label_{number}": "x" for number in range(300)},
]


@contextmanager
def _list_of_servers(body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def _query(url: str, expression: str) -> list[dict[str, Any]]:
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as response:
        result: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return result


@pytest.mark.peers("prometheus")
def test_whatever_is_listed_prometheus_reads_the_rest(tmp_path: Path, start_server: StartServer) -> None:
    servers = [start_server() for _ in GOOD]
    groups = [
        {"targets": [server.instance], "labels": labels} for server, labels in zip(servers, GOOD, strict=True)
    ]
    groups += [{"targets": [f"bad{index}:1"], "labels": labels} for index, labels in enumerate(BAD)]
    with _list_of_servers(json.dumps(groups).encode()) as url:
        (tmp_path / "config.yml").write_text(
            f"global: {{sample_interval: 1s}}\n"
            f"discovery: {{http: [{{url: '{url}', refresh_interval: 1s}}]}}\n"
            "rule_files: []\n"
        )
        (tmp_path / "rules.yml").write_text("groups: []\n")
        with (
            Daemon(tmp_path, "--config", str(tmp_path / "config.yml")) as daemon,
            prometheus(tmp_path, daemon, interval=1) as peer,
        ):
            wait_until(lambda: len(_query(peer, "redis_up == 1")) == len(GOOD), 60, "all are scraped")
            more = f"redis_vigil_discovery_refused_total > {len(BAD)}"
            wait_until(lambda: _query(peer, more), 60, "the list was asked for twice")
            assert _query(peer, 'up{job="redis-vigil"}')[0]["value"][1] == "1"
            with urllib.request.urlopen(f"{peer}/api/v1/targets", timeout=10) as response:
                (target,) = json.load(response)["data"]["activeTargets"]
            assert target["lastError"] == ""
            assert len(_query(peer, 'redis_memory_used_bytes{half="\\ufffd"}')) == 1
            with urllib.request.urlopen(f"{daemon.url}/sd", timeout=10) as response:
                assert len(json.load(response)) == len(GOOD)
            log = daemon.log
            assert log.count("a source lists what cannot be taken") == 5
            assert log.count("a source lists more that cannot be taken") == 1
            assert "Traceback" not in log
