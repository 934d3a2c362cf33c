"""Time to drain, from the counters of the last minutes."""

from math import inf

from exporter.queues.model import Reading
from exporter.queues.rates import DrainRate
from exporter.queues.vocabulary import Outcome, State


def reading(waiting: int, added: float | None, finished: float | None) -> Reading:
    done = {} if finished is None else {Outcome.COMPLETED: finished}
    return Reading(jobs={State.WAITING: waiting}, added=added, finished=done)


def drain(points: list[tuple[float, Reading]]) -> float | None:
    rate = DrainRate()
    results = [rate.drain_seconds(one, at) for at, one in points]
    return results[-1]


def test_the_backlog_over_what_it_shrinks_by() -> None:
    # 2 added and 6 finished a second: 4 less a second.
    assert drain([(at, reading(400, 2.0 * at, 6.0 * at)) for at in range(0, 301, 15)]) == 100.0


def test_a_queue_that_grows_never_drains() -> None:
    assert drain([(at, reading(400, 6.0 * at, 2.0 * at)) for at in range(0, 301, 15)]) == inf


def test_an_empty_queue_is_drained() -> None:
    assert drain([(at, reading(0, at, at)) for at in range(0, 61, 15)]) == 0.0


def test_without_both_rates_nothing_is_known() -> None:
    assert drain([(0.0, reading(1, None, 1.0)), (60.0, reading(1, None, 5.0))]) is None
    assert drain([(0.0, reading(1, 1.0, None)), (60.0, reading(1, 5.0, None))]) is None
    assert drain([(0.0, reading(1, 1.0, 1.0)), (15.0, reading(1, 1.0, 5.0))]) is None


def test_a_counter_that_begins_anew_is_not_a_rate() -> None:
    assert drain([(0.0, reading(1, 500.0, 500.0)), (60.0, reading(1, 1.0, 2.0))]) is None


def test_only_the_last_five_minutes_count() -> None:
    slow = [(float(at), reading(100, 0.0, at / 100)) for at in range(0, 601, 15)]
    fast = [(float(at), reading(100, 0.0, 6.0 + (at - 600))) for at in range(615, 1216, 15)]
    assert drain(slow + fast) == 100.0
