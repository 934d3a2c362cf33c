"""The daemon with a wall clock that a file sets: `python -m benchmarks.soak_daemon OFFSET_FILE run …`.

The file holds by how many seconds the clock is ahead. (libfaketime does it for any program, but takes ten
times the CPU of the daemon, and holds its event loop up.)
"""

import sys
import threading
import time
from pathlib import Path
from typing import Final

_LOOK_SECONDS: Final = 0.1


class _Clock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._time = time.time
        self.ahead_seconds = 0.0

    def time(self) -> float:
        return self._time() + self.ahead_seconds

    def follow(self) -> None:
        while True:
            text = self._file.read_text()
            if text:
                self.ahead_seconds = float(text)
            time.sleep(_LOOK_SECONDS)


def run_by_own_clock() -> None:
    """Run the daemon's command line."""
    if len(sys.argv) < 3:
        print("usage: python -m benchmarks.soak_daemon OFFSET_FILE COMMAND")
        return
    clock = _Clock(Path(sys.argv.pop(1)))
    time.time = clock.time
    threading.Thread(target=clock.follow, daemon=True).start()
    # Only now: it is to see this clock.
    from exporter.cli import main as run

    run()


if __name__ == "__main__":
    run_by_own_clock()
