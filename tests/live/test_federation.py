"""A real Prometheus takes series over by `/federate`, and serves them on as we do."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus
from tests.servers import RealServer

MATCH = '{job="redis",__name__=~"redis_.*"}'
# Sampled once, so that both tell of the same moment. What is added comes last, and is last by name.
CONFIG = """
global: {{sample_interval: 1h, external_labels: {{zone: a}}}}
rule_files: []
targets: [{{url: '{url}', instance: cache-1, labels: {{env: test}}}}]
"""
FEDERATING = """
global: {{external_labels: {{zone: a}}}}
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: {{'match[]': ['{match}']}}
    scrape_interval: 1s
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


def page(url: str, match: str = MATCH) -> Sequence[tuple[str, float, str]]:
    """Series, value and timestamp of each line of `/federate`; heads as they are."""
    text = httpx.get(f"{url}/federate", params={"match[]": match}).raise_for_status().text
    return [_line(line) for line in text.splitlines()]


def _line(line: str) -> tuple[str, float, str]:
    if line.startswith("#"):
        return line, 0.0, ""
    series, value, moment = line.rsplit(" ", 2)
    return series, float(value), moment


@pytest.mark.peers("prometheus")
def test_prometheus_serves_on_what_it_has_federated(server: RealServer, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(CONFIG.format(url=server.url))
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        ours = wait_until(lambda: page(daemon.url), 10, "sampled")
        federating = FEDERATING.format(match=MATCH, port=daemon.port)
        with run_prometheus(tmp_path, federating) as url:
            theirs = wait_until(lambda: page(url), 20, "federated")
    assert len(ours) > 500
    assert theirs == ours


@pytest.mark.peers("prometheus")
@pytest.mark.parametrize("match", ["-not-a-name", "up{", "sum(up)", "up[5m]"])
def test_both_refuse_the_same_selectors(server: RealServer, tmp_path: Path, match: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(CONFIG.format(url=server.url))
    with Daemon(tmp_path, "--config", str(config)) as daemon, run_prometheus(tmp_path, "") as url:
        answers = [httpx.get(f"{base}/federate", params={"match[]": match}) for base in (daemon.url, url)]
    assert [answer.status_code for answer in answers] == [400, 400]
    kinds = {answer.headers["content-type"].partition(";")[0] for answer in answers}
    assert kinds == {"text/plain"}
