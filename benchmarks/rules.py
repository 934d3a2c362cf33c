"""How long the evaluation of a rule group takes, beside Prometheus on the same samples.

    python -m benchmarks.rules [--targets 200] [--seconds 60]

The daemon watches a real server under that many addresses every 5 s and evaluates twelve rules; Debian's
Prometheus scrapes the daemon every 5 s and evaluates the same file. Prints the median time of a group
evaluation of each, as each says itself, and the ratio.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.promql import RULES
from benchmarks.sampling import fetch, running, traffic
from tests.peers import require_program
from tests.servers import RealServer, free_port

INTERVAL_SECONDS: Final = 5
_OURS: Final = re.compile(r"^redis_vigil_rule_group_last_duration_seconds\{.*\} (\S+)$", re.MULTILINE)
_THEIRS: Final = re.compile(r"^prometheus_rule_group_last_duration_seconds\{.*\} (\S+)$", re.MULTILINE)


def write_rules(directory: Path) -> None:
    """The twelve rules, as one group of alerts."""
    rules = "".join(f"      - {{alert: Rule{number}, expr: '{text}'}}\n" for number, text in enumerate(RULES))
    (directory / "rules.yml").write_text(f"groups:\n  - name: twelve\n    rules:\n{rules}")


def addresses(server: RealServer, targets: int) -> list[str]:
    """One server under many names."""
    return [f"127.{n >> 16}.{n >> 8 & 255}.{n & 255}:{server.port}" for n in range(1, targets + 1)]


@contextmanager
def daemon(server: RealServer, targets: int, directory: Path, extra: str = "") -> Iterator[tuple[int, int]]:
    """The daemon with the rules; its process id and port."""
    urls = "".join(f"  - url: redis://{address}\n" for address in addresses(server, targets))
    config = directory / "config.yml"
    seconds = INTERVAL_SECONDS
    config.write_text(
        f"global: {{sample_interval: {seconds}s, evaluation_interval: {seconds}s}}\n"
        f"rule_files: [rules.yml]\n{extra}targets:\n{urls}"
    )
    port = free_port()
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port, "/-/healthy") as pid:
        yield pid, port


@contextmanager
def prometheus(directory: Path, scrape: str, alerting: str = "") -> Iterator[tuple[int, int]]:
    """Prometheus with the rules; its process id and port. `scrape` is a scrape configuration."""
    seconds = INTERVAL_SECONDS
    config = directory / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: {seconds}s, evaluation_interval: {seconds}s}}\n"
        f"rule_files: [rules.yml]\n{alerting}scrape_configs:\n{scrape}"
    )
    port = free_port()
    command = [
        str(require_program("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, port) as pid:
        yield pid, port


def _duration(port: int, pattern: re.Pattern[str]) -> float:
    found = pattern.search(fetch(port, "/metrics").decode())
    return float(found[1]) if found else 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    program = require_program("redis-server")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_rules(directory)
        with (
            RealServer(program, directory, "--bind", "0.0.0.0") as server,
            traffic(server),
            daemon(server, options.targets, directory) as (_, port),
            prometheus(
                directory,
                "  - {job_name: a, honor_labels: true, "
                f"static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n",
            ) as (_, peer_port),
        ):
            ours, theirs = [], []
            # The first evaluations prepare what later ones keep.
            time.sleep(4 * INTERVAL_SECONDS)
            for _ in range(int(options.seconds / INTERVAL_SECONDS)):
                time.sleep(INTERVAL_SECONDS)
                ours.append(_duration(port, _OURS))
                theirs.append(_duration(peer_port, _THEIRS))
    mine, other = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    print(f"{len(RULES)} rules over {options.targets} targets, median of {len(ours)} evaluations")
    print(f"  redis-vigil {mine:8.1f} ms")
    print(f"  Prometheus  {other:8.1f} ms")
    print(f"  ratio       {mine / other:8.2f}")


if __name__ == "__main__":
    main()
