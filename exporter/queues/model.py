"""The identity of a queue, and the reading of it that one pass has made."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.queues.vocabulary import BACKLOG, LagMethod, Method, Outcome, State


@dataclass(frozen=True, slots=True, order=True)
class QueueId:
    """One queue of one framework.

    `base` and `name` are what its keys are made of, in the framework's own way: `base` is what comes before
    the name (`rq:queue:`), or the whole stem where the two cannot be told apart (`bull:email`, with an empty
    name). Bytes, since keys need not be text.
    """

    framework: str
    base: bytes
    name: bytes = b""
    database: int = 0


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest waiting job: since when (epoch seconds) it has been ready to run, and how that is known."""

    since: float
    method: Method


@dataclass(frozen=True, slots=True)
class GroupReading:
    """One consumer group of a stream.

    `lag` is None where it is unknown. Ages are epoch seconds of when it began: the oldest entry that was
    never handed out, and the oldest that was and is not acknowledged. `idle_seconds` is the time since any
    consumer of the group last asked for entries. `capped`: the figure stands for "at least".
    """

    name: str
    lag: int | None
    lag_method: LagMethod
    pending: int
    consumers: int
    oldest_undelivered: float | None = None
    oldest_pending: float | None = None
    stuck: int | None = None
    idle_seconds: float | None = None
    capped: bool = False


@dataclass(frozen=True, slots=True)
class MemberReading:
    """One of many streams that are one queue.

    Entries not given or not acknowledged, and since when (epoch seconds) the oldest of them has been there,
    None where that is unknown.
    """

    name: str
    backlog: int
    since: float | None


@dataclass(slots=True)
class Reading:
    """The reading of a queue by one pass; what is None or missing is unknown, which is not 0.

    `by_priority` splits states where the framework keeps priorities apart; the parts are not added to `jobs`
    again. Counters (`added`, `finished`) are as the framework counts them, or as seen so far; `derived` are
    those among the finished ones whose end nobody told. `workers` are those alive; `stale_workers` are still
    registered and have not been heard for too long: each is told in one queue only. `last_heartbeat` is the
    latest, in epoch seconds. `overdue` are delayed jobs whose moment has passed. `orphaned` are active jobs
    that nobody holds any more, `stuck` those held for longer than the configured time. A rate limit holds the
    queue back for `rate_limited_seconds` more, 0 while none does; `schedulers` add jobs again and again.
    `is_mistaken`: what was taken for this queue is none, or part of another, so that it is to be forgotten at
    once. Of many streams that are one queue `members` is their number, and `worst` are some in which most is
    left.
    """

    jobs: dict[State, int] = field(default_factory=dict)
    by_priority: dict[tuple[State, str], int] = field(default_factory=dict)
    oldest: Oldest | None = None
    method: Method | None = None
    added: float | None = None
    finished: dict[Outcome, float] = field(default_factory=dict)
    derived: dict[Outcome, float] = field(default_factory=dict)
    orphaned: int | None = None
    stuck: int | None = None
    overdue: int | None = None
    paused: bool | None = None
    rate_limited_seconds: float | None = None
    schedulers: int | None = None
    workers: int | None = None
    stale_workers: int | None = None
    last_heartbeat: float | None = None
    groups: Sequence[GroupReading] = ()
    is_mistaken: bool = False
    members: int | None = None
    worst: Sequence[MemberReading] = ()

    @property
    def silent_workers(self) -> int | None:
        """The name of `stale_workers` in release 0.1, for frameworks of other packages."""
        return self.stale_workers

    @silent_workers.setter
    def silent_workers(self, workers: int | None) -> None:
        self.stale_workers = workers

    def count(self, state: State, reply: int | None) -> None:
        """Add jobs to a state; None leaves it unknown."""
        if reply is not None:
            self.jobs[state] = self.jobs.get(state, 0) + reply

    @property
    def backlog(self) -> int | None:
        """How many jobs are ready to run; None where no such state is known."""
        known = [self.jobs[state] for state in BACKLOG if state in self.jobs]
        return sum(known) if known else None

    @property
    def is_alive(self) -> bool:
        """Whether anything says that the queue still exists."""
        return bool(
            any(self.jobs.values())
            or self.added
            or self.workers
            or self.stale_workers
            or self.paused
            or self.groups
            or self.members
        )
