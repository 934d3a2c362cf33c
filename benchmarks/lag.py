"""How long the daemon lets others wait: `/-/healthy`, asked again and again by a process of its own.

    python -m benchmarks.lag PORT PID [--every 0.005]

A machine that has other things to do makes everybody wait. Linux says how long a thread stood in line for a
processor (/proc/PID/schedstat): what the daemon's main thread, which runs the event loop, and the asking
process stood there during a question is told separately, and is nobody's stall. Ends when its input does, and
prints the slow answers as JSON.
"""

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

_KEPT_SECONDS: Final = 0.01
_TIMEOUT_SECONDS: Final = 30.0
_REQUEST: Final = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Answer(NamedTuple):
    """One answer: when it was asked for, on the clock of `time.monotonic`; how long it took; how long both
    processes stood in line for a processor meanwhile; how long the event loop's thread ran."""

    at: float
    seconds: float
    queued_seconds: float
    ran_seconds: float

    @property
    def stall_seconds(self) -> float:
        """How long the event loop was at fault."""
        return max(0.0, self.seconds - self.queued_seconds)


class Asking:
    """Asks a daemon inside the block; `answers` are the slow ones, there after it."""

    def __init__(self, port: int, pid: int, every_seconds: float = 0.005) -> None:
        self._command = [sys.executable, "-m", "benchmarks.lag", str(port), str(pid)]
        self._command += ["--every", str(every_seconds)]
        self.answers: Sequence[Answer] = ()
        self.asked = 0

    def __enter__(self) -> "Asking":
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        told = json.loads(self._process.communicate(timeout=2 * _TIMEOUT_SECONDS)[0])
        self.asked = told["asked"]
        self.answers = [Answer(*one) for one in told["answers"]]

    def worst(self, since: float = 0.0, until: float = float("inf")) -> Answer:
        """The one with the longest stall within a time."""
        inside = [one for one in self.answers if since <= one.at < until]
        return max(inside, key=lambda one: one.stall_seconds, default=Answer(0.0, 0.0, 0.0, 0.0))


class Line:
    """A thread's time in line for a processor, and on it."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/task/{pid}/schedstat")

    def read(self) -> tuple[float, float]:
        """In line and on it, in seconds so far."""
        try:
            ran, queued, _ = self._path.read_text().split()
        except (OSError, ValueError):
            return 0.0, 0.0
        return int(queued) / 1e9, int(ran) / 1e9


def _ask(port: int, pid: int, every_seconds: float, ended: threading.Event) -> tuple[int, list[Answer]]:
    slow: list[Answer] = []
    asked = 0
    connection: socket.socket | None = None
    own, theirs = Line(threading.get_native_id()), Line(pid)
    while not ended.wait(every_seconds):
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
            before = (own.read()[0], *theirs.read())
            began = time.monotonic()
            connection.sendall(_REQUEST)
            if not connection.recv(4096):
                raise ConnectionError
            seconds = time.monotonic() - began
        except OSError:
            # It is closed when the daemon ends, or when it idles: the next question opens another one.
            connection = None
            continue
        asked += 1
        if seconds > _KEPT_SECONDS:
            after = (own.read()[0], *theirs.read())
            waited, queued, ran = (now - then for now, then in zip(after, before, strict=True))
            slow.append(Answer(began, seconds, waited + queued, ran))
    return asked, slow


def main() -> None:
    """Ask until the input ends."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("port", type=int, nargs="?")
    parser.add_argument("pid", type=int, nargs="?")
    parser.add_argument("--every", type=float, default=0.005, help="seconds between two questions")
    options = parser.parse_args()
    if options.pid is None:
        parser.print_usage()
        return
    ended = threading.Event()
    found: list[tuple[int, list[Answer]]] = []
    with contextlib.suppress(KeyboardInterrupt):
        asking = threading.Thread(
            target=lambda: found.append(_ask(options.port, options.pid, options.every, ended))
        )
        asking.start()
        sys.stdin.read()
    ended.set()
    asking.join()
    ((asked, answers),) = found
    print(json.dumps({"asked": asked, "answers": answers}))


if __name__ == "__main__":
    main()
