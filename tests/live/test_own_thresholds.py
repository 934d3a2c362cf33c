"""Thresholds of one's own on real servers, in the daemon and in a Prometheus that was given its rules."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus

CONFIG = """
global: {{sample_interval: 1s, evaluation_interval: 1s}}
targets:
  - {{url: "{prod}", instance: prod-1, labels: {{env: prod}}}}
  - {{url: "{dev}", instance: dev-1, labels: {{env: dev}}}}
rules:
  RedisMemoryHigh:
    - {{where: {{env: prod}}, threshold: {threshold}, for: 0s, severity: critical, labels: {{team: web}}}}
    - {{where: 'instance=~"dev-.*"', enabled: false}}
  RedisClientsHigh: {{where: 'env!="prod"', threshold: 0.1%, for: 0s}}
"""


def firing(url: str) -> dict[str, set[tuple[str, str]]]:
    """Severity and instance of what fires, by the name of the alert."""
    with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=10) as response:
        alerts: list[dict[str, Any]] = json.load(response)["data"]["alerts"]
    found: dict[str, set[tuple[str, str]]] = {}
    for alert in alerts:
        labels = alert["labels"]
        if alert["state"] == "firing" and labels["alertname"] in ("RedisMemoryHigh", "RedisClientsHigh"):
            found.setdefault(labels["alertname"], set()).add((labels["severity"], labels.get("instance", "")))
    return found


EXPECTED = {
    "RedisMemoryHigh": {("critical", "prod-1")},
    "RedisClientsHigh": {("warning", "dev-1")},
}


@pytest.mark.live
@pytest.mark.peers("prometheus")
def test_servers_are_told_by_their_own_thresholds_here_and_in_prometheus(
    tmp_path: Path, start_server: StartServer
) -> None:
    limits = ("--maxmemory", "100mb", "--maxmemory-policy", "noeviction", "--maxclients", "100")
    prod, dev = start_server(*limits), start_server(*limits)

    def configure(threshold: str) -> None:
        text = CONFIG.format(prod=prod.url, dev=dev.url, threshold=threshold)
        (tmp_path / "config.yml").write_text(text)

    configure("0.1%")
    with Daemon(tmp_path, "--config", "config.yml") as daemon:
        wait_until(lambda: firing(daemon.url) == EXPECTED, 60, "both servers are told by their thresholds")
        rules = json.loads(daemon.text("/api/v1/rules?rule_name[]=RedisMemoryHigh"))
        (group,) = rules["data"]["groups"]
        assert ["0.001" in rule["query"] for rule in group["rules"]] == [True, False]
        page = daemon.text("/rules?filter=RedisMemoryHigh")
        assert "env=&#34;prod&#34;" in page or 'env="prod"' in page

        written = tmp_path / "written"
        command = [
            sys.executable,
            "-m",
            "exporter",
            "rules",
            "--config",
            "config.yml",
            "--output",
            str(written),
        ]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
        scrapes = f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ['{written}/*.yml']
scrape_configs:
  - {{job_name: redis-vigil, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]}}
"""
        (tmp_path / "prometheus").mkdir()
        with run_prometheus(tmp_path / "prometheus", scrapes) as url:
            wait_until(lambda: firing(url) == EXPECTED, 60, "Prometheus tells the same")

        configure("99%")
        daemon.signal(signal.SIGHUP)
        rest = {"RedisClientsHigh": EXPECTED["RedisClientsHigh"]}
        wait_until(lambda: firing(daemon.url) == rest, 60, "the threshold of the reload holds")
