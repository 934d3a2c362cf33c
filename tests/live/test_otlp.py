"""A real Prometheus takes by OTLP what it also scrapes: the same series with the same values."""

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus
from tests.peers import require_program
from tests.servers import RealServer, free_port

FLAG = "web.enable-otlp-receiver"
# Series that only a scrape in OpenMetrics has, and that Prometheus makes of resource attributes.
APART = ("_created", "target_info")


def query(url: str, expression: str) -> list[dict[str, Any]]:
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    with urllib.request.urlopen(address, timeout=10) as response:
        found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found


def values_of(url: str, job: str) -> dict[frozenset[tuple[str, str]], set[str]]:
    """The values of the last seconds of all series of the server, by their labels."""
    found = {}
    for series in query(url, f'{{job="{job}", instance="one"}}[20s]'):
        labels = {name: value for name, value in series["metric"].items() if name not in ("job", "team")}
        labels.update((name, f"{float(labels[name]):g}") for name in ("le", "quantile") if name in labels)
        if not labels["__name__"].endswith(APART):
            found[frozenset(labels.items())] = {value for _, value in series["values"]}
    return found


@pytest.mark.live
@pytest.mark.peers("prometheus", "redis-server")
def test_prometheus_has_the_same_by_otlp_and_by_scrape(tmp_path: Path) -> None:
    help_text = subprocess.run(
        [str(require_program("prometheus")), "--help"], capture_output=True, text=True, check=False
    )
    if FLAG not in help_text.stdout + help_text.stderr:
        pytest.skip("this Prometheus takes no OTLP: it is older than 3.0")
    configuration = f"""
global: {{scrape_interval: 2s}}
otlp: {{translation_strategy: NoTranslation}}
scrape_configs:
  - job_name: scraped
    honor_labels: true
    static_configs: [{{targets: ['127.0.0.1:{(port := free_port())}']}}]
"""
    with (
        RealServer(require_program("redis-server"), tmp_path / "redis") as server,
        run_prometheus(tmp_path, configuration, None, f"--{FLAG}") as url,
    ):
        (tmp_path / "config.yml").write_text(f"""
global: {{sample_interval: 2s}}
targets: [{{url: "{server.url}", instance: one, labels: {{team: shop}}}}]
otlp: {{endpoint: "{url}/api/v1/otlp", interval: 2s, logs: {{alerts: false, events: false}}}}
""")
        daemon = Daemon(tmp_path, "--config", "config.yml")
        daemon.port = port
        daemon.arguments[-1] = f"127.0.0.1:{port}"
        with daemon:
            server.command("SET", "a", "1")
            wait_until(lambda: _agree(url), 90, "both are the same")
            server.command("CONFIG", "RESETSTAT")
            for _ in range(50):
                server.command("GET", "a")
            wait_until(lambda: _agree(url), 90, "both are the same after a reset")
            server.kill()
            wait_until(lambda: not query(url, "redis_memory_used_bytes"), 60, "series of a dead server end")


def _agree(url: str) -> bool:
    sent, scraped = values_of(url, "redis"), values_of(url, "scraped")
    return (
        len(sent) > 300
        and sent.keys() == scraped.keys()
        and all(values & scraped[labels] for labels, values in sent.items())
    )
