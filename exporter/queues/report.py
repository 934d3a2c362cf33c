"""The queues of a server as data: for the HTTP interface and the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from exporter.queues.families import oldest_age
from exporter.queues.known import KnownQueue
from exporter.queues.model import GroupReading, Reading


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One consumer group; `lag` is None where it is unknown, `lag_method` says how it is known."""

    name: str
    lag: int | None
    lag_method: str
    lag_is_capped: bool
    pending: int
    consumers: int
    oldest_pending_age_seconds: float | None
    stuck: int | None
    idle_seconds: float | None


@dataclass(frozen=True, slots=True)
class MemberReport:
    """A stream of a pattern that is one queue.

    Its entries not given or not acknowledged, and the age of the oldest of them.
    """

    name: str
    entries: int
    oldest_age_seconds: float | None


@dataclass(frozen=True, slots=True)
class QueueReport:
    """One queue as of the last pass; None: unknown."""

    framework: str
    queue: str
    database: int
    jobs: Mapping[str, int]
    priorities: Mapping[str, Mapping[str, int]]
    oldest_job_age_seconds: float | None
    age_method: str
    added: float | None
    finished: Mapping[str, float]
    derived: Mapping[str, float]
    orphaned: int | None
    stuck: int | None
    overdue: int | None
    paused: bool | None
    rate_limited_seconds: float | None
    schedulers: int | None
    workers: int | None
    # The name in /api/queues and in CSV.
    silent_workers: int | None
    last_heartbeat: float | None
    drain_seconds: float | None
    groups: tuple[GroupReport, ...] = field(default=())
    members: int | None = None
    worst_members: tuple[MemberReport, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As JSON values; a time to drain without an end is null, as JSON has no infinity."""
        document = asdict(self)
        if self.drain_seconds is not None and not isfinite(self.drain_seconds):
            document["drain_seconds"] = None
        return document


def report_queue(known: KnownQueue, reading: Reading, at: float, drain_seconds: float | None) -> QueueReport:
    """Report what a pass at that moment (epoch seconds) found in a queue."""
    age, method = oldest_age(reading, at)
    priorities: dict[str, dict[str, int]] = {}
    for (state, priority), jobs in reading.by_priority.items():
        priorities.setdefault(state.value, {})[priority] = jobs
    return QueueReport(
        framework=known.id.framework,
        queue=known.label,
        database=known.id.database,
        jobs={state.value: jobs for state, jobs in reading.jobs.items()},
        priorities=priorities,
        oldest_job_age_seconds=age,
        age_method=method,
        added=reading.added,
        finished={outcome.value: value for outcome, value in reading.finished.items()},
        derived={outcome.value: value for outcome, value in reading.derived.items()},
        orphaned=reading.orphaned,
        stuck=reading.stuck,
        overdue=reading.overdue,
        paused=reading.paused,
        rate_limited_seconds=reading.rate_limited_seconds,
        schedulers=reading.schedulers,
        workers=reading.workers,
        silent_workers=reading.stale_workers,
        last_heartbeat=reading.last_heartbeat,
        drain_seconds=drain_seconds,
        groups=tuple(_report_group(group, at) for group in reading.groups),
        members=reading.members,
        worst_members=tuple(
            MemberReport(one.name, one.backlog, None if one.since is None else max(0.0, at - one.since))
            for one in reading.worst
        ),
    )


def _report_group(group: GroupReading, at: float) -> GroupReport:
    pending_since = group.oldest_pending
    return GroupReport(
        name=group.name,
        lag=group.lag,
        lag_method=group.lag_method.value,
        lag_is_capped=group.capped,
        pending=group.pending,
        consumers=group.consumers,
        oldest_pending_age_seconds=None if pending_since is None else max(0.0, at - pending_since),
        stuck=group.stuck,
        idle_seconds=group.idle_seconds,
    )
