"""SIGTERM ends the daemon within ten seconds, whatever hangs."""

import contextlib
import json
import signal
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from exporter.state.state_store import FILE_NAME
from tests.conftest import StartServer
from tests.hostile import HostileServer
from tests.live.daemon import Daemon, wait_until

END_SECONDS = 10.0
_FAST = {"sample_interval": "1s", "evaluation_interval": "1s", "sample_timeout": "1s"}
# Python reads it at its start: a resolver that never says anything about these names.
_HANGING_RESOLVER = """
import socket, time
_known = socket.getaddrinfo
def getaddrinfo(host, *args, **options):
    if str(host).endswith(".hanging.test"):
        time.sleep(3600)
    return _known(host, *args, **options)
socket.getaddrinfo = getaddrinfo
"""
_HEAVY = "max_over_time(count({__name__=~'.+'})[5h:1s])"


@contextlib.contextmanager
def hanging_receiver() -> Iterator[str]:
    """Takes messages and never answers; gives the URL."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            over.wait(60)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            over.set()
            server.shutdown()


def configure(directory: Path, urls: Mapping[str, str], receiver: str = "") -> Path:
    """A daemon on these servers, by name, that tells the receiver of those that are down."""
    config = {
        "global": _FAST,
        "storage": {"path": "state"},
        "samplers": {"keyspace": {"enabled": True, "interval": "30s"}, "queues": {"enabled": True}},
        "targets": [{"instance": name, "url": url} for name, url in urls.items()],
    }
    if receiver:
        hook = {"name": "hook", "webhook_configs": [{"url": receiver}]}
        route = {"receiver": "hook", "group_wait": "0s", "group_interval": "1s", "group_by": ["instance"]}
        rule = {"alert": "Down", "expr": "redis_up == 0"}
        (directory / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": [hook]}))
        (directory / "rules.yml").write_text(
            yaml.safe_dump({"groups": [{"name": "all", "interval": "1s", "rules": [rule]}]})
        )
        config |= {"rule_files": ["rules.yml"], "alerting": {"config_file": "alertmanager.yml"}}
    (directory / "config.yml").write_text(yaml.safe_dump(config))
    return directory / "config.yml"


def seconds_to_end(daemon: Daemon, *, signals: int = 1) -> float:
    """How long it takes to end after SIGTERM, of which there may be more; fails for another status than 0."""
    began = time.monotonic()
    for _ in range(signals - 1):
        daemon.signal(signal.SIGTERM)
        time.sleep(0.2)
    status = daemon.stop(3 * END_SECONDS)
    assert status == 0, daemon.log
    assert "Traceback" not in daemon.log, daemon.log
    assert "never retrieved" not in daemon.log
    return time.monotonic() - began


def ask(url: str) -> None:
    """A request of which nobody cares what becomes."""
    with contextlib.suppress(OSError, urllib.error.URLError):
        urllib.request.urlopen(url, timeout=60).read()


def test_hanging_names_and_a_hanging_receiver(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_HANGING_RESOLVER)
    names = {f"n{number}": f"redis://n{number}.hanging.test:6379" for number in range(30)}
    with hanging_receiver() as url:
        config = configure(tmp_path, names, url)
        environment = {"PYTHONPATH": str(tmp_path)}
        with Daemon(tmp_path, "--config", str(config), environment=environment) as daemon:
            wait_until(lambda: 'state="active"} 30' in daemon.text("/metrics"), 60, "all are down")
            assert "the name server does not answer" in daemon.log
            assert seconds_to_end(daemon) < END_SECONDS


def test_a_receiver_whose_name_hangs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_HANGING_RESOLVER)
    config = configure(tmp_path, {"gone": "redis://127.0.0.1:1"}, "http://hook.hanging.test/")
    with Daemon(tmp_path, "--config", str(config), environment={"PYTHONPATH": str(tmp_path)}) as daemon:
        wait_until(lambda: 'state="active"} 1' in daemon.text("/metrics"), 60, "it is down")
        assert seconds_to_end(daemon) < END_SECONDS


def test_servers_that_hang_or_never_stop_talking(start_server: StartServer, tmp_path: Path) -> None:
    hanging = start_server()
    with contextlib.ExitStack() as stack:
        kinds = ("endless text", "endless replies", "cursor without end", "many keys at once", "slow log")
        hostile = {kind: stack.enter_context(HostileServer(kind)) for kind in kinds}
        urls = {"hanging": hanging.url, **{kind: server.url for kind, server in hostile.items()}}
        with Daemon(tmp_path, "--config", str(configure(tmp_path, urls))) as daemon:
            hanging.pause()
            time.sleep(3)
            assert seconds_to_end(daemon) < END_SECONDS
    hanging.resume()


def test_a_database_that_hangs(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    with Daemon(tmp_path, "--config", str(configure(tmp_path, {"a": server.url}))) as daemon:
        file = tmp_path / "state" / FILE_NAME
        other = sqlite3.connect(file, timeout=30, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        silence = {
            "matchers": [{"name": "a", "value": "b", "isRegex": False}],
            "startsAt": "2030-01-01T00:00:00Z",
            "endsAt": "2031-01-01T00:00:00Z",
            "createdBy": "x",
            "comment": "y",
        }
        request = urllib.request.Request(
            daemon.url + "/api/v2/silences",
            json.dumps(silence).encode(),
            {"Content-Type": "application/json"},
        )
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=1)
        took, log = seconds_to_end(daemon), daemon.log
        other.close()
        assert took < END_SECONDS, log


@pytest.mark.parametrize("signals", [1, 3])
def test_queries_and_clients_that_do_not_read(
    start_server: StartServer, tmp_path: Path, signals: int
) -> None:
    servers = [start_server() for _ in range(2)]
    urls = {f"s{number}": server.url for number, server in enumerate(servers)}
    config = configure(tmp_path, urls)
    with Daemon(tmp_path, "--config", str(config)) as daemon, contextlib.ExitStack() as stack:
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": _HEAVY})
        threads = [threading.Thread(target=ask, args=(daemon.url + path,)) for _ in range(6)]
        for thread in threads:
            thread.start()
            stack.callback(thread.join, 60)
        for _ in range(20):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        time.sleep(1)
        assert seconds_to_end(daemon, signals=signals) < END_SECONDS
