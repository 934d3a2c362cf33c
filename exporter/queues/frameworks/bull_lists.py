"""The lists of jobs that BullMQ and Bull share: waiting, held back by a pause, running, delayed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import ReadContext
from exporter.queues.frameworks.bull_family import (
    ActiveJobs,
    ask_active,
    count_without_markers,
    overdue_score,
)
from exporter.queues.model import Oldest, Reading
from exporter.queues.replies import count
from exporter.queues.vocabulary import Method, State

# How many replies `read_lists` takes.
QUESTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class JobLists:
    """The lists of one queue as a reading, the ids of their oldest jobs, and the active jobs."""

    reading: Reading
    heads: Sequence[bytes]
    running: ActiveJobs


def ask_lists(stem: bytes, context: ReadContext) -> list[Command]:
    """Ask for the lists of the queue with this stem."""
    return [
        ("LLEN", stem + b":wait"),
        ("LRANGE", stem + b":wait", -2, -1),
        ("LLEN", stem + b":paused"),
        ("LRANGE", stem + b":paused", -2, -1),
        ("LLEN", stem + b":active"),
        ask_active(stem),
        ("ZCARD", stem + b":delayed"),
        ("ZCOUNT", stem + b":delayed", "-inf", overdue_score(context)),
    ]


def read_lists(stem: bytes, replies: Sequence[Reply]) -> JobLists:
    """Read the replies to `ask_lists`."""
    wait, wait_tail, paused, paused_tail, active, listed, delayed, overdue = replies
    waiting, oldest_waiting = count_without_markers(wait, wait_tail)
    held, oldest_held = count_without_markers(paused, paused_tail)
    reading = Reading(method=Method.TIMESTAMP, overdue=count(overdue))
    reading.count(State.WAITING, waiting)
    reading.count(State.PAUSED, held)
    reading.count(State.ACTIVE, count(active))
    reading.count(State.DELAYED, count(delayed))
    heads = [job for job in (oldest_waiting, oldest_held) if job is not None]
    return JobLists(reading, heads, ActiveJobs(stem, listed))


def note_oldest(reading: Reading, ready_since: Iterable[float | None]) -> None:
    """Note the oldest job of those that are ready since these moments (epoch seconds)."""
    known = [since for since in ready_since if since is not None]
    if known:
        reading.oldest = Oldest(min(known), Method.TIMESTAMP)
