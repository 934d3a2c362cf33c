"""Ends of jobs that nobody counts: derived from what has been added and from what is left.

What was added and is neither waiting nor running any more has ended, or was removed. Jobs that are removed by
hand, or added anew under an id that is taken, count as ended by this.
"""

from collections.abc import Mapping
from typing import Final

from exporter.queues.known import KnownQueue
from exporter.queues.model import Reading
from exporter.queues.vocabulary import Outcome, State

_UNFINISHED: Final = (
    State.WAITING,
    State.PRIORITIZED,
    State.PAUSED,
    State.DELAYED,
    State.WAITING_CHILDREN,
    State.ACTIVE,
)
# The states in which ended jobs are kept, if they are.
KEPT: Final = {Outcome.COMPLETED: State.COMPLETED, Outcome.FAILED: State.FAILED}
_DERIVED: Final = "derived/"
_GONE: Final = "gone"


def jobs_gone(reading: Reading) -> float | None:
    """How many jobs have left a queue since it was made; None where that is not known."""
    if State.WAITING not in reading.jobs or State.ACTIVE not in reading.jobs:
        return None
    # Before the first job there is no number of them.
    return (reading.added or 0.0) - sum(reading.jobs.get(state, 0) for state in _UNFINISHED)


def count_derived(queue: KnownQueue, found: Mapping[Outcome, float], reading: Reading) -> None:
    """Add ends that were derived to the counters of all ends, and note that they were derived."""
    for outcome, amount in found.items():
        reading.finished[outcome] = queue.add(outcome, amount)
        queue.add(_DERIVED + outcome, amount)


def write_derived(queue: KnownQueue, reading: Reading) -> None:
    """How many of the ends that a reading tells were derived."""
    for outcome in reading.finished:
        reading.derived[outcome] = queue.number(_DERIVED + outcome)


def count_ends(queue: KnownQueue, reading: Reading, grown: Mapping[Outcome, float]) -> None:
    """Count the ends of a pass where no event tells of them.

    `grown`: how many jobs have come into the sets of ended ones since the last pass. What has left the queue
    beside them was removed as it ended: where only failed jobs are kept it was completed, else that is
    unknown.
    """
    gone = jobs_gone(reading)
    if gone is None:
        return
    before = queue.number(_GONE, gone)
    queue.notes[_GONE] = gone
    removed = max(0.0, gone - before - sum(grown.values()))
    is_completed = bool(reading.jobs.get(State.FAILED)) and not reading.jobs.get(State.COMPLETED)
    ends = dict(grown)
    rest = Outcome.COMPLETED if is_completed else Outcome.UNKNOWN
    if removed or rest in queue.notes or rest in ends:
        ends[rest] = ends.get(rest, 0.0) + removed
    for outcome in Outcome:
        if outcome in queue.notes:
            ends.setdefault(outcome, 0.0)
    count_derived(queue, ends, reading)
    write_derived(queue, reading)


def share_out(
    amount: float, kept: Mapping[Outcome, float], seen: Mapping[Outcome, float]
) -> dict[Outcome, float]:
    """The outcomes of ends of which only the number is known.

    `kept`: by how much the sets of ended jobs have grown, `seen`: the ends that were told, over the same
    time. A set that has grown holds all ends of its kind; what it does not account for is shared among the
    other outcomes as those that were seen.
    """
    found: dict[Outcome, float] = {}
    left = amount
    for outcome, grown in kept.items():
        if grown > 0:
            found[outcome] = min(left, max(0.0, grown - seen.get(outcome, 0.0)))
            left -= found[outcome]
    weights = {outcome: number for outcome, number in seen.items() if number > 0 and outcome not in found}
    if left and not weights:
        return {**found, Outcome.UNKNOWN: left}
    total = sum(weights.values())
    for outcome, number in weights.items():
        found[outcome] = float(round(left * number / total))
        left, total = left - found[outcome], total - number
    return found
