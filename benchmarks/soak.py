"""A soak: faults every minute beside many servers; what people were told, and what they should have been.

    python -m benchmarks.soak [--minutes 60] [--targets 200] [--every 60] [--seed 1]

Each target is a redis-server of its own. Every minute something breaks, in an order that the seed decides:
servers are killed, stopped, restarted, slow, their connections cut; the daemon's disk is full, its names are
gone or the resolver hangs, its clock is set, it is stopped, reloaded, its receiver refuses. With the shipped
rules. From the schedule follows which alerts are told, each once; anything else is false. The last six
minutes have no new faults. Memory and file descriptors (but those of the history's files) are compared with
those after ten minutes, or after half of a shorter run: samples stay in memory for eight minutes and on disk
for ten, and both have their full size by then. A fault that this machine cannot have (without root) is left
out and said.

Ends with 1 where an alert is false, missing or told again, where the log has a traceback, where memory grew
by more than 3 % or descriptors by more than one for a hundred, or where SIGTERM took more than ten seconds.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.lag import Asking
from benchmarks.soak_faults import KINDS, Alert, Fault, injected, plan
from benchmarks.soak_world import Told, World

_QUIET_SECONDS: Final = 360.0
_END_SECONDS: Final = 10.0
_CACHES_SECONDS: Final = 30.0
_TOLD_EVERY_SECONDS: Final = 300.0
BUGS: Final = ("Traceback", "never retrieved", "never awaited", "level=critical")


class Reading(NamedTuple):
    """The daemon's process at one moment of the soak."""

    at: float
    megabytes: float
    descriptors: int
    caches_megabytes: float
    """What the caches of the history hold of it."""


class Outcome(NamedTuple):
    """What a soak showed."""

    faults: Sequence[Fault]
    told: Sequence[Told]
    readings: Sequence[Reading]
    log: Sequence[str]
    asking: Asking
    loop_stalls: float | None


def soak(world: World, faults: Sequence[Fault], seconds: float) -> Outcome:
    """Inject the faults at their moments, and look at the daemon meanwhile."""
    began = time.monotonic()
    readings: list[Reading] = []
    looked_at, caches = -_CACHES_SECONDS, 0.0
    threads = [threading.Thread(target=_run, args=(world, fault, began)) for fault in faults]
    with Asking(world.port, world.pid, 0.02) as asking:
        for thread in threads:
            thread.start()
        while (passed := time.monotonic() - began) < seconds:
            if passed >= looked_at + _CACHES_SECONDS:
                looked_at, caches = passed, _caches_megabytes(world, caches)
            readings.append(Reading(passed, world.megabytes, world.descriptors, caches))
            time.sleep(2)
        for thread in threads:
            thread.join()
        stalls = world.metric("redis_vigil_loop_stalls_total")
    return Outcome(faults, list(world.hook.told), readings, world.log, asking, stalls)


def _caches_megabytes(world: World, before: float) -> float:
    """What the caches of the history hold; `before` where the daemon does not answer just now."""
    try:
        return (world.metric("redis_vigil_history_cache_bytes") or 0.0) / 1e6
    except OSError:
        return before


def _run(world: World, fault: Fault, began: float) -> None:
    time.sleep(max(0.0, began + fault.at - time.monotonic()))
    with injected(world, fault):
        time.sleep(fault.kind.seconds)


def judge(outcome: Outcome) -> list[str]:
    """What was wrong with what was told: a sentence for each alert."""
    due: Counter[tuple[str, Alert]] = Counter()
    allowed = {("VigilWatchdog", ""), *_unseen_restarts(outcome.faults)}
    for fault in outcome.faults:
        due.update(("firing", alert) for alert in fault.alerts(fault.kind.tells))
        due.update(("resolved", alert) for alert in fault.alerts(fault.kind.ends))
        allowed.update(fault.alerts(fault.kind.allows))
    allowed_ends = {alert for status, alert in due if status == "firing"}
    told = Counter((one.status, (one.name, one.instance)) for one in outcome.told)
    wrong = []
    for key in sorted({*due, *told}):
        status, alert = key
        may_be = alert in allowed or (status == "resolved" and key not in due and alert in allowed_ends)
        if not may_be and told[key] != due[key]:
            what = "missing" if told[key] < due[key] else "false" if not due[key] else "told again"
            wrong.append(f"{what}: {status} {' '.join(alert)}: {told[key]} instead of {due[key]}")
    return wrong


def _unseen_restarts(faults: Sequence[Fault]) -> Iterator[Alert]:
    """A clock that is set forward by hours takes what was before it out of the sight of RedisRestarted, which
    looks ten minutes back: a restart at that time may go untold."""
    jumps = [fault for fault in faults if fault.kind.name.startswith("clock")]
    for fault in faults:
        is_near = [
            jump
            for jump in jumps
            if fault.began_monotonic - 30 < jump.ended_monotonic < fault.ended_monotonic + 30
        ]
        if is_near:
            yield "RedisRestarted", fault.instance


def growth(readings: Sequence[Reading], seconds: float) -> tuple[Reading, Reading]:
    """Memory and descriptors after ten minutes (or half of the time) and at the end: medians, smallest.

    A scan of a keyspace has a connection of its own, and two hundred scans may meet: what is lost for good
    shows in the smallest number.
    """
    start = min(600.0, seconds / 2)
    width = max(10.0, seconds / 20)
    early = [one for one in readings if start <= one.at < start + width]
    late = [one for one in readings if one.at >= seconds - width]
    return _middle(early), _middle(late)


def _middle(readings: Sequence[Reading]) -> Reading:
    memory = statistics.median(one.megabytes for one in readings)
    caches = statistics.median(one.caches_megabytes for one in readings)
    return Reading(readings[0].at, memory, min(one.descriptors for one in readings), caches)


def _each_five_minutes(readings: Sequence[Reading]) -> Iterator[str]:
    due = _TOLD_EVERY_SECONDS
    for one in readings:
        if one.at >= due:
            yield f"{one.megabytes:.0f} ({one.caches_megabytes:.0f})"
            due += _TOLD_EVERY_SECONDS


def print_table(outcome: Outcome) -> None:
    """A row for each kind of fault."""
    print("| fault | times | told within, s (median, worst) | longest stall of the loop, ms |")
    print("|---|---|---|---|")
    for kind in KINDS:
        faults = [fault for fault in outcome.faults if fault.kind is kind]
        if not faults:
            print(f"| {kind.name} | not on this machine | | |")
            continue
        delays = [delay for fault in faults if (delay := _delay(outcome, fault)) is not None]
        told = f"{statistics.median(delays):.0f}, {max(delays):.0f}" if delays else "nothing to tell"
        stall = max(_stall(outcome, fault) for fault in faults) * 1000
        print(f"| {kind.name} | {len(faults)} | {told} | {stall:.0f} |")


def _delay(outcome: Outcome, fault: Fault) -> float | None:
    first = next(iter(fault.alerts(fault.kind.tells)), None)
    times = [one.at for one in outcome.told if one.status == "firing" and (one.name, one.instance) == first]
    return times[0] - fault.began_monotonic if times else None


def _stall(outcome: Outcome, fault: Fault) -> float:
    until = fault.ended_monotonic + 5
    if "SIGSTOP" in fault.kind.name and "daemon" in fault.kind.name:
        # While it is stopped nobody expects an answer.
        return outcome.asking.worst(fault.ended_monotonic, until).stall_seconds
    return outcome.asking.worst(fault.began_monotonic, until).stall_seconds


def report(outcome: Outcome, seconds: float) -> bool:
    """Print all of it; whether everything is as it should be."""
    print_table(outcome)
    wrong = judge(outcome)
    early, late = growth(outcome.readings, seconds)
    grown = late.megabytes / early.megabytes - 1
    print(f"\nalerts false, missing or told again: {len(wrong)}", *wrong, sep="\n  ")
    print(
        f"memory: {early.megabytes:.1f} MB after {early.at / 60:.0f} min, {late.megabytes:.1f} MB at the end"
    )
    print(
        f"  of it caches of the history: {early.caches_megabytes:.1f} MB, {late.caches_megabytes:.1f} MB\n"
        f"  growth: {100 * grown:+.1f} %; greatest: {max(one.megabytes for one in outcome.readings):.1f} MB"
    )
    print("  each five minutes, and the caches:", *_each_five_minutes(outcome.readings))
    print(f"file descriptors without the history's: {early.descriptors}, {late.descriptors} at the end")
    bugs = [line for line in outcome.log if any(sign in line for sign in BUGS)]
    print(f"tracebacks and the like in the log: {len(bugs)}", *bugs[:10], sep="\n  ")
    if outcome.loop_stalls is not None:
        print(f"stalls that the daemon counted itself: {outcome.loop_stalls:.0f}")
    return not wrong and not bugs and grown <= 0.03 and late.descriptors <= early.descriptors * 1.01


def main() -> None:
    """Soak and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="where to write the daemon's log")
    options = parser.parse_args()
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="vigil-soak-") as name:
        with World(Path(name), options.targets, options.seed) as world:
            faults = plan(world, seconds - _QUIET_SECONDS, options.every, options.seed)
            outcome = soak(world, faults, seconds)
        if options.log:
            options.log.write_text("\n".join(world.log) + "\n")
        print(f"{options.targets} servers, {len(faults)} faults in {options.minutes:g} minutes\n")
        is_right = report(outcome, seconds)
        print(f"SIGTERM: ended after {world.ended_after_seconds:.1f} s")
        sys.exit(0 if is_right and world.ended_after_seconds < _END_SECONDS else 1)


if __name__ == "__main__":
    main()
