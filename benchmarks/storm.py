"""A storm of alerts while one receiver hangs: when the other knows, what is lost, how much memory it takes.

    python -m benchmarks.storm [--alerts 10000] [--seconds 60] [--groups 20]

Posts the alerts to the daemon's API evenly over the time, in so many groups with a group_wait of 1 s and a
group_interval of 10 s. Both receivers are to be told of everything; one takes
connections and never answers. Prints how long after its arrival the other one was told of each alert.
"""

import argparse
import http.client
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.death import Receiver, listening
from benchmarks.sampling import cpu_seconds, resident_megabytes, running
from tests.servers import free_port

_TICK_SECONDS: Final = 0.25
_GRACE_SECONDS: Final = 30.0
_ROUTING: Final = """
route:
  receiver: good
  group_by: [alertname]
  group_wait: 1s
  group_interval: 10s
  routes: [{{receiver: hanging, continue: true}}, {{receiver: good}}]
receivers:
  - {{name: good, webhook_configs: [{{url: '{good}'}}]}}
  - {{name: hanging, webhook_configs: [{{url: '{hanging}'}}]}}
"""


@contextmanager
def hanging() -> Iterator[str]:
    """The URL of somebody who takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hanging"


@contextmanager
def daemon(directory: Path, good: str, bad: str) -> Iterator[tuple[int, int]]:
    """The daemon with nothing to watch; its process id and port."""
    (directory / "alertmanager.yml").write_text(_ROUTING.format(good=good, hanging=bad))
    config = directory / "config.yml"
    config.write_text(
        "rule_files: []\ntargets: []\nalerting: {config_file: alertmanager.yml}\nstorage: {path: data}\n"
    )
    port = free_port()
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port, "/-/healthy") as pid:
        yield pid, port


def post(port: int, numbers: range, groups: int) -> None:
    """Post the alerts of these numbers."""
    alerts = [
        {
            "labels": {"alertname": f"Storm{number % groups}", "instance": str(number)},
            "annotations": {"summary": f"Number {number} of the storm"},
            "endsAt": datetime.fromtimestamp(time.time() + 3600, UTC).isoformat(),
        }
        for number in numbers
    ]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"status {answer.status}: {answer.read()!r}")
    connection.close()


def storm(port: int, count: int, seconds: float, groups: int) -> list[float]:
    """Post evenly; per alert when that was, on the clock of `time.monotonic`."""
    began = time.monotonic()
    posted_at: list[float] = []
    while len(posted_at) < count:
        due = min(count, int((time.monotonic() - began) / seconds * count) + 1)
        numbers = range(len(posted_at), due)
        if numbers:
            posted_at += [time.monotonic()] * len(numbers)
            post(port, numbers, groups)
        time.sleep(_TICK_SECONDS)
    return posted_at


def waits(receiver: Receiver, posted_at: list[float]) -> list[float]:
    """Per alert that was told the seconds it took."""
    time.sleep(_GRACE_SECONDS)
    told = receiver.told("good")
    return [told[str(number)] - at for number, at in enumerate(posted_at) if str(number) in told]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--groups", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        receiver = stack.enter_context(listening())
        bad = stack.enter_context(hanging())
        pid, port = stack.enter_context(daemon(Path(name), f"{receiver.url}/good", bad))
        before, cpu = resident_megabytes(pid), cpu_seconds(pid)
        posted_at = storm(port, options.alerts, options.seconds, options.groups)
        taken = waits(receiver, posted_at)
        after, cpu = resident_megabytes(pid), cpu_seconds(pid) - cpu
    print(
        f"{options.alerts:,} alerts in {options.groups} groups in {options.seconds:g} s, one receiver hangs"
    )
    print(f"  told to the other            {len(taken):10,}")
    print(f"  seconds until then, median   {statistics.median(taken):10.1f}")
    print(f"  seconds until then, longest  {max(taken):10.1f}")
    print(f"  memory before, after         {before:7.0f} MB {after:.0f} MB")
    print(f"  CPU                          {cpu:8.1f} s")


if __name__ == "__main__":
    main()
