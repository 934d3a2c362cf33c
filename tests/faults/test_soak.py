"""The soak of an hour (`benchmarks/soak.py`) in two minutes: faults of most kinds, all at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.soak import BUGS, judge, soak
from benchmarks.soak_faults import KINDS, Fault
from benchmarks.soak_world import World

pytestmark = pytest.mark.peers("redis-server")

# By the beginning of the name of the kind: when it begins, and for how long.
_SCHEDULE = {
    # A restart shows by an uptime that is less than before: there has to be some.
    "killed": (15, 32),
    "stopped": (16, 32),
    "connections cut": (17, 1),
    "slow": (18, 1),
    "disk full": (19, 15),
    "10 reloads": (38, 1),
    "restarted": (42, 1),
    "names unknown": (46, 15),
}
_SECONDS = 108.0


def test_only_what_was_broken_is_told_and_told_once(tmp_path: Path) -> None:
    with World(tmp_path, len(_SCHEDULE), seed=1, interval="5s") as world:
        faults = [
            Fault(replace(kind, seconds=seconds), at, f"cache-{number:03}" if kind.on_server else "", 1)
            for number, (name, (at, seconds)) in enumerate(_SCHEDULE.items(), 1)
            for kind in KINDS
            if kind.name.startswith(name) and kind.is_possible(world)
        ]
        outcome = soak(world, faults, _SECONDS)

    assert "\n".join(judge(outcome)) == "", "\n".join(outcome.log[-50:])
    assert [line for line in outcome.log if any(sign in line for sign in BUGS)] == []
    assert {one.name for one in outcome.told} >= {"RedisDown", "RedisRestarted"}
    assert world.ended_after_seconds < 15
