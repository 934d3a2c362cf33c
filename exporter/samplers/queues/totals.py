"""Counters of frameworks that count all ends, and those that failed among them."""

from exporter.connection import Reply
from exporter.samplers.queues.replies import number
from exporter.samplers.queues.vocabulary import Outcome


def finished_from_totals(
    processed: Reply, failed: Reply, *, failed_are_extra: bool = False
) -> dict[Outcome, float]:
    """Jobs ended by outcome; empty where nothing was ever counted.

    `failed_are_extra`: the processed ones are those that went well.
    """
    ended, ended_badly = number(processed), number(failed) or 0.0
    if ended is None:
        return {}
    if failed_are_extra:
        return {Outcome.COMPLETED: ended, Outcome.FAILED: ended_badly}
    return {Outcome.COMPLETED: max(0.0, ended - ended_badly), Outcome.FAILED: ended_badly}
