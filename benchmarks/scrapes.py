"""What open pages cost those who scrape: the time of `/metrics` with and without browsers that renew pages.

    python -m benchmarks.web --scrapes 60

The daemon as a process, on one real server under 200 names, with the shipped rules. `/metrics` is asked for
four times a second; every other minute three clients do what the pages' module does: each has a page of its
own, gets it anew every five seconds, and says which one it has. Who waits for a processor is told separately
(`benchmarks/lag.py`), so that what else the machine does counts less.
"""

import http.client
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import yaml

from benchmarks.lag import Line
from benchmarks.rules import addresses
from benchmarks.sampling import running
from tests.peers import require_program
from tests.servers import RealServer, free_port

_TARGETS: Final = 200
_SCRAPES_PER_SECOND: Final = 4
_RENEWED_SECONDS: Final = 5.0
_ROUNDS: Final = 3


def measure(seconds: float) -> None:
    """Measure in turns, each so long, and print a table."""
    took: dict[bool, list[float]] = {False: [], True: []}
    program = require_program("redis-server")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with (
            RealServer(program, directory, "--bind", "0.0.0.0", "--maxclients", "20000") as server,
            _daemon(server, directory) as (pid, port),
        ):
            pages = ["/", "/alerts", f"/servers/{quote(addresses(server, 1)[0], safe='')}"]
            _scrape(port, pid, 20.0)
            for _ in range(_ROUNDS):
                took[False] += _scrape(port, pid, seconds)
                took[True] += _while_open(port, pages, lambda: _scrape(port, pid, seconds))
    print("| `/metrics`, 200 servers | scrapes | median ms | p99 ms |\n|---|---|---|---|")
    for is_open, words in ((False, "no page is open"), (True, "three browsers renew pages")):
        found = took[is_open]
        median, worst = statistics.median(found), statistics.quantiles(found, n=100)[-1]
        print(f"| {words} | {len(found):,} | {median * 1000:.1f} | {worst * 1000:.1f} |")


@contextmanager
def _daemon(server: RealServer, directory: Path) -> Iterator[tuple[int, int]]:
    """The daemon with the shipped rules; its process id and port."""
    # With `clients` every name would list the connections of all.
    config = {
        "targets": [{"url": f"redis://{address}"} for address in addresses(server, _TARGETS)],
        "samplers": {"clients": {"enabled": False}},
    }
    path, port = directory / "config.yml", free_port()
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "exporter", "run", "--config", str(path)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port, "/-/healthy") as pid:
        yield pid, port


def _scrape(port: int, pid: int, seconds: float) -> list[float]:
    """How long each scrape took, less what both processes stood in line for a processor."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    own, theirs = Line(threading.get_native_id()), Line(pid)
    took, until, chosen = [], time.monotonic() + seconds, random.Random(1)
    while time.monotonic() < until:
        before = own.read()[0] + theirs.read()[0]
        began = time.monotonic()
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "identity"})
        connection.getresponse().read()
        lasted = time.monotonic() - began
        took.append(max(0.0, lasted - (own.read()[0] + theirs.read()[0] - before)))
        # At no fixed distance, so that what is periodic is met at all of its moments.
        time.sleep(chosen.uniform(0.5, 1.5) / _SCRAPES_PER_SECOND)
    connection.close()
    return took


def _while_open(port: int, pages: Sequence[str], work: Callable[[], list[float]]) -> list[float]:
    ended = threading.Event()
    browsers = [
        threading.Thread(target=_renew, args=(port, page, number / len(pages), ended))
        for number, page in enumerate(pages)
    ]
    for one in browsers:
        one.start()
    try:
        return work()
    finally:
        ended.set()
        for one in browsers:
            one.join()


def _renew(port: int, page: str, share: float, ended: threading.Event) -> None:
    """A page that is open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    tag = ""
    wait = share * _RENEWED_SECONDS
    while not ended.wait(wait):
        connection.request("GET", page, headers={"If-None-Match": tag} if tag else {})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 304):
            print(f"{page}: {answer.status}", file=sys.stderr)
        tag = answer.headers.get("ETag", tag)
        wait = _RENEWED_SECONDS
    connection.close()
