"""The whole daemon beside redis_exporter, Prometheus and Alertmanager: CPU time and memory.

    python -m benchmarks.whole [--targets 200] [--seconds 120]

One real server under many addresses, each sampled every 5 s; the same twelve rules, evaluated every 5 s;
alerts routed to a receiver. First the daemon alone, then the three programs of Debian. Prints the CPU seconds
that each side takes in the time given, after some settling, the memory at its end, and the ratios.

The daemon runs all samplers of its default but for `clients`: here every target is the same server, and would
list the connections of all of them. redis_exporter does not list clients by default either.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.rules import addresses, daemon, prometheus, write_rules
from benchmarks.sampling import cpu_seconds, peer, resident_megabytes, running, traffic
from tests.peers import require_program
from tests.servers import RealServer, free_port

_ROUTE: Final = "route: {receiver: nobody, group_by: [alertname]}\nreceivers: [{name: nobody}]\n"
_SCRAPE: Final = """
  - job_name: redis
    metrics_path: /scrape
    static_configs: [{{targets: [{targets}]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '127.0.0.1:{port}'}}
"""


def measure(pids: Sequence[int], settle_seconds: float, seconds: float) -> tuple[list[float], list[float]]:
    """CPU seconds and megabytes of each process."""
    time.sleep(settle_seconds)
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(seconds)
    taken = [cpu_seconds(pid) - start for pid, start in zip(pids, before, strict=True)]
    return taken, [resident_megabytes(pid) for pid in pids]


def measure_daemon(
    server: RealServer, targets: int, directory: Path, times: tuple[float, float]
) -> tuple[float, float]:
    """CPU seconds and megabytes of the daemon."""
    extra = "alerting: {config_file: alertmanager.yml}\nstorage: {path: data}\n"
    extra += "samplers: {clients: {enabled: false}}\n"
    with daemon(server, targets, directory, extra) as (pid, _):
        cpu, memory = measure([pid], *times)
    return cpu[0], memory[0]


def measure_peers(
    server: RealServer, targets: int, directory: Path, times: tuple[float, float]
) -> tuple[list[float], list[float]]:
    """CPU seconds and megabytes of redis_exporter, Prometheus and Alertmanager."""
    am_port = free_port()
    command = [
        str(require_program("prometheus-alertmanager")),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'am'}",
        f"--web.listen-address=127.0.0.1:{am_port}",
        "--cluster.listen-address=",
    ]
    alerting = f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{am_port}']}}]}}]}}\n"
    names = ", ".join(f"'redis://{address}'" for address in addresses(server, targets))
    with peer(server) as (exporter_pid, port), running(command, am_port) as am_pid:
        scrape = _SCRAPE.format(targets=names, port=port)
        with prometheus(directory, scrape, alerting) as (pid, _):
            return measure([exporter_pid, pid, am_pid], *times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--settle", type=float, default=60.0)
    options = parser.parse_args()
    program = require_program("redis-server")
    times = (options.settle, options.seconds)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_rules(directory)
        (directory / "alertmanager.yml").write_text(_ROUTE)
        with RealServer(program, directory, "--bind", "0.0.0.0") as server, traffic(server):
            our_cpu, our_memory = measure_daemon(server, options.targets, directory, times)
            cpu, memory = measure_peers(server, options.targets, directory, times)
    print(f"{options.targets} targets at 5 s, 12 rules, {options.seconds:g} s")
    print(f"{'':24}{'CPU s':>8}{'MB':>8}")
    print(f"{'redis-vigil':24}{our_cpu:8.1f}{our_memory:8.0f}")
    for title, taken, held in zip(("redis_exporter", "Prometheus", "Alertmanager"), cpu, memory, strict=True):
        print(f"{title:24}{taken:8.1f}{held:8.0f}")
    print(f"{'the three':24}{sum(cpu):8.1f}{sum(memory):8.0f}")
    print(f"{'ratio':24}{our_cpu / sum(cpu):8.2f}{our_memory / sum(memory):8.2f}")


if __name__ == "__main__":
    main()
