"""Reload and shutdown of the daemon as a process, and what its web server answers."""

import gzip
import json
import signal
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from exporter.config.samplers import SamplersSection
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.servers import RealServer, free_port

FAST = "global: {sample_interval: 1s, sample_timeout: 1s, evaluation_interval: 1s}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(FAST + text)
    return path


def target(server: RealServer, name: str) -> str:
    return f"  - {{url: '{server.url}', instance: {name}}}\n"


def our_connections(server: RealServer) -> set[str]:
    """The ids of the daemon's connections to a server."""
    clients = server.client.client_list()
    return {client["id"] for client in clients if client["name"].startswith("redis-vigil")}


def test_reload_takes_on_what_is_good_and_nothing_of_what_is_bad(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    (tmp_path / "rules.yml").write_text("groups: [{name: a, rules: [{record: one, expr: '1'}]}]\n")
    rules = "rule_files: [rules.yml]\n"
    config = write(tmp_path, f"targets:\n{target(server, 'first')}{rules}")
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        assert "redis_vigil_config_last_reload_successful 1.0" in daemon.text("/metrics")
        connections = our_connections(server)
        write(tmp_path, f"targets:\n{target(server, 'first')}{target(server, 'second')}{rules}")
        assert daemon.get("/-/reload", method="POST").status == 200
        wait_until(lambda: 'redis_up{instance="second"} 1' in daemon.text("/metrics"), 10, "the new target")
        # The one that was there goes on with its connection.
        assert connections
        assert connections <= our_connections(server)

        write(tmp_path, "targets: [{url: 'amqp://h'}]\n")
        (tmp_path / "rules.yml").write_text("groups: [{name: a, rules: [{record: one, expr: '('}]}]\n")
        with pytest.raises(urllib.error.HTTPError) as caught:
            daemon.get("/-/reload", method="POST")
        with caught.value as response:
            assert response.code == 500
            assert b"config.yml:2:17: targets[0].url" in response.read()
        wait_until(
            lambda: "redis_vigil_config_last_reload_successful 0.0" in daemon.text("/metrics"), 5, "it shows"
        )
        assert 'redis_up{instance="second"} 1' in daemon.text("/metrics")

        write(tmp_path, f"targets:\n{target(server, 'second')}rule_files: []\n")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: 'instance="first"' not in daemon.text("/metrics"), 5, "the first one is gone")
        good = "redis_vigil_config_last_reload_successful 1.0"
        wait_until(lambda: good in daemon.text("/metrics"), 5, "the reload has ended well")
        assert json.loads(daemon.text("/api/v1/rules"))["data"]["groups"] == []
        assert daemon.stop() == 0


def test_metrics_in_both_formats_plain_and_compressed(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    config = write(tmp_path, f"targets:\n{target(server, 'one')}rule_files: []\n")
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        with daemon.get("/metrics") as response:
            assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        with daemon.get("/metrics", {"accept": "application/openmetrics-text; version=1.0.0"}) as response:
            assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
            page = _strict_part(response.read().decode())
            names = {family.name for family in parse_openmetrics(page)}
            assert "redis_commands_processed" in names
        with daemon.get("/metrics", {"accept-encoding": "gzip"}) as response:
            assert response.headers["content-encoding"] == "gzip"
            assert b"redis_up" in gzip.decompress(response.read())


def _strict_part(page: str) -> str:
    """Without the one summary whose quantiles are percentages, as redis_exporter has them."""
    lines = page.splitlines(keepends=True)
    return "".join(line for line in lines if "redis_latency_percentiles_usec" not in line)


def test_a_scrape_asks_the_server_nothing(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    config = tmp_path / "config.yml"
    others = [name for name in SamplersSection.model_fields if name != "info"]
    config.write_text(
        f"global: {{sample_interval: 1h}}\ntargets:\n{target(server, 'one')}rule_files: []\n"
        f"samplers: {{{', '.join(f'{name}: {{enabled: false}}' for name in others)}}}\n"
    )
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        before = server.client.info("stats")["total_commands_processed"]
        for _ in range(20):
            daemon.text("/metrics")
        assert server.client.info("stats")["total_commands_processed"] == before + 1


def test_without_a_file_it_watches_redis_url_with_the_shipped_rules(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    with Daemon(tmp_path, environment={"REDIS_URL": server.url}) as daemon:
        assert f'redis_up{{instance="{server.instance}"}} 1' in daemon.text("/metrics")
        groups = json.loads(daemon.text("/api/v1/rules"))["data"]["groups"]
        assert "RedisDown" in {rule["name"] for group in groups for rule in group["rules"]}


@contextmanager
def slow_hook(seconds: float) -> Iterator[tuple[str, list[str]]]:
    """A webhook that takes its time; what it has answered."""
    done: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(seconds)
            self.send_response(200)
            self.end_headers()
            done.append("done")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", done
        finally:
            server.shutdown()
            thread.join()


def test_sigterm_finishes_a_running_send_and_ends_in_time(tmp_path: Path) -> None:
    with slow_hook(2.0) as (url, done):
        (tmp_path / "am.yml").write_text(
            "route: {receiver: hook, group_wait: 0s}\n"
            f"receivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]\n"
        )
        (tmp_path / "down.yml").write_text(
            "groups: [{name: g, rules: [{alert: Down, expr: redis_up == 0}]}]\n"
        )
        config = write(
            tmp_path,
            f"targets: [{{url: 'redis://127.0.0.1:{free_port()}'}}]\nrule_files: [down.yml]\n"
            "alerting: {config_file: am.yml}\n",
        )
        with Daemon(tmp_path, "--config", str(config)) as daemon:
            wait_until(
                lambda: 'alertmanager_alerts{state="active"} 1.0' in daemon.text("/metrics"), 15, "it fires"
            )
            time.sleep(0.5)
            assert not done
            started = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - started < 10
            assert done == ["done"]


def test_ctrl_c_ends_it_cleanly_too(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    with Daemon(tmp_path, "--redis", server.url) as daemon:
        daemon.signal(signal.SIGINT)
        assert daemon.wait(10) == 0
        assert "Traceback" not in daemon.log
