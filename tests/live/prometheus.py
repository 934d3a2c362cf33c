"""A real Prometheus beside the daemon."""

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.daemon import Daemon, wait_until
from tests.peers import require_program
from tests.servers import free_port


@contextmanager
def prometheus(directory: Path, daemon: Daemon, *, interval: int, scrape_interval: int = 1) -> Iterator[str]:
    """One that scrapes the daemon and evaluates the directory's `rules.yml` (seconds); its URL."""
    configuration = f"""
global: {{evaluation_interval: {interval}s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: redis-vigil
    honor_labels: true
    scrape_interval: {scrape_interval}s
    scrape_timeout: 1s
    static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]
"""
    with run_prometheus(directory, configuration) as url:
        yield url


@contextmanager
def run_prometheus(
    directory: Path, configuration: str, database: Path | None = None, *arguments: str, port: int = 0
) -> Iterator[str]:
    """One with this `prometheus.yml`, and an empty database unless another is given; its URL."""
    port = port or free_port()
    (directory / "prometheus.yml").write_text(configuration)
    process = subprocess.Popen(
        [
            str(require_program("prometheus")),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={database or directory / f'tsdb-{port}'}",
            f"--web.listen-address=127.0.0.1:{port}",
            *arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(url), 30, "Prometheus answers")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
