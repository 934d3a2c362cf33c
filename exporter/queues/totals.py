"""Counters of frameworks that count all ends, and those that failed among them."""

from exporter.connection import Reply
from exporter.queues.replies import number
from exporter.queues.vocabulary import Outcome


def finished_from_totals(
    processed: Reply, failed: Reply, *, failed_are_extra: bool = False
) -> dict[Outcome, float]:
    """Jobs ended by outcome; empty where that cannot be read.

    `failed_are_extra`: the processed ones are those that went well. A counter without a key has counted
    nothing yet: its first job is to be an increase.
    """
    ended = 0.0 if processed is None else number(processed)
    ended_badly = number(failed) or 0.0
    if ended is None:
        return {}
    if failed_are_extra:
        return {Outcome.COMPLETED: ended, Outcome.FAILED: ended_badly}
    return {Outcome.COMPLETED: max(0.0, ended - ended_badly), Outcome.FAILED: ended_badly}
