"""The metrics about queues, and how a reading is written into them.

A label without a value is not there: `db` stands only with queues outside of the target's own database,
`priority` only where a framework keeps priorities apart.
"""

from collections.abc import Sequence
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.queues.model import GroupReading, Reading

_QUEUE: Final = ("framework", "queue", "db")
_GROUP: Final = (*_QUEUE, "group")

JOBS: Final = Family(
    "redis_queue_jobs", Kind.GAUGE, "Jobs in a queue, by state.", (*_QUEUE, "state", "priority")
)
OLDEST: Final = Family(
    "redis_queue_oldest_job_age_seconds",
    Kind.GAUGE,
    "How long the oldest waiting job has been ready to run; by first_seen: at least.",
    (*_QUEUE, "method"),
)
ADDED: Final = Family(
    "redis_queue_jobs_added_total", Kind.COUNTER, "Jobs ever added, where the framework counts them.", _QUEUE
)
FINISHED: Final = Family(
    "redis_queue_jobs_finished_total", Kind.COUNTER, "Jobs that have ended, by outcome.", (*_QUEUE, "outcome")
)
DERIVED: Final = Family(
    "redis_queue_jobs_finished_derived_total",
    Kind.COUNTER,
    "Those of redis_queue_jobs_finished_total whose end nobody told: derived from what was added and what is"
    " left.",
    (*_QUEUE, "outcome"),
)
ORPHANED: Final = Family("redis_queue_orphaned_jobs", Kind.GAUGE, "Active jobs whose worker is gone.", _QUEUE)
STUCK: Final = Family(
    "redis_queue_stuck_jobs", Kind.GAUGE, "Jobs that have been in work for longer than stuck_after.", _QUEUE
)
OVERDUE: Final = Family(
    "redis_queue_overdue_jobs", Kind.GAUGE, "Delayed jobs whose moment has passed.", _QUEUE
)
PAUSED: Final = Family("redis_queue_paused", Kind.GAUGE, "Whether the queue is paused.", _QUEUE)
RATE_LIMITED: Final = Family(
    "redis_queue_rate_limited_seconds",
    Kind.GAUGE,
    "How long a rate limit still holds the queue back; 0 while none does.",
    _QUEUE,
)
SCHEDULERS: Final = Family(
    "redis_queue_job_schedulers", Kind.GAUGE, "Schedulers that add jobs to the queue again and again.", _QUEUE
)
WORKERS: Final = Family("redis_queue_workers", Kind.GAUGE, "Workers that are alive.", _QUEUE)
STALE_WORKERS: Final = Family(
    "redis_queue_stale_workers",
    Kind.GAUGE,
    "Workers that are registered and have not been heard for too long.",
    _QUEUE,
)
# The name of release 0.1, for one release.
SILENT_WORKERS: Final = Family(
    "redis_queue_silent_workers", Kind.GAUGE, "Deprecated: use redis_queue_stale_workers.", _QUEUE
)
HEARTBEAT: Final = Family(
    "redis_queue_last_heartbeat_timestamp_seconds", Kind.GAUGE, "When a worker was last heard.", _QUEUE
)
DRAIN: Final = Family(
    "redis_queue_drain_seconds",
    Kind.GAUGE,
    "Time until the backlog is done at the rates of the last minutes; +Inf while it grows.",
    _QUEUE,
)
GROUP_LAG: Final = Family(
    "redis_queue_group_lag_entries",
    Kind.GAUGE,
    "Entries of a stream that a group has not been given yet; by estimate: counted up to a cap.",
    (*_GROUP, "method"),
)
GROUP_PENDING: Final = Family(
    "redis_queue_group_pending_entries", Kind.GAUGE, "Entries given and not acknowledged.", _GROUP
)
GROUP_PENDING_AGE: Final = Family(
    "redis_queue_group_oldest_pending_age_seconds",
    Kind.GAUGE,
    "Age of the oldest entry that was given and not acknowledged.",
    _GROUP,
)
GROUP_STUCK: Final = Family(
    "redis_queue_group_stuck_entries",
    Kind.GAUGE,
    "Entries given longer than stuck_after ago and not acknowledged, up to 100.",
    _GROUP,
)
GROUP_CONSUMERS: Final = Family(
    "redis_queue_group_consumers", Kind.GAUGE, "Consumers of a group, gone ones included.", _GROUP
)
GROUP_IDLE: Final = Family(
    "redis_queue_group_idle_seconds", Kind.GAUGE, "Time since a consumer of the group last asked.", _GROUP
)
MEMBERS: Final = Family(
    "redis_queue_members",
    Kind.GAUGE,
    "Streams that are one queue, since their names have one pattern.",
    _QUEUE,
)
WORST_MEMBERS: Final = Family(
    "redis_queue_worst_member_entries",
    Kind.GAUGE,
    "Entries not given or not acknowledged of the three streams of a pattern in which most are left.",
    (*_QUEUE, "member"),
)
KNOWN: Final = Family("redis_vigil_queues_known", Kind.GAUGE, "Queues that are read in each pass.")
DROPPED: Final = Family(
    "redis_vigil_queues_dropped",
    Kind.GAUGE,
    "Queues that were found and are not read, since there are more than samplers.queues.max_queues.",
    ("framework",),
)
# The name of release 0.1, for one release.
OVER_LIMIT: Final = Family(
    "redis_vigil_queues_over_limit",
    Kind.GAUGE,
    "Deprecated: use redis_vigil_queues_dropped.",
    ("framework",),
)
ROUND_TRIPS: Final = Family(
    "redis_vigil_queue_round_trips", Kind.GAUGE, "Round trips of the last pass over all queues."
)
WALK_DURATION: Final = Family(
    "redis_vigil_queue_discovery_duration_seconds",
    Kind.GAUGE,
    "How long the last walk through the keyspace took.",
)
FAMILIES: Final = (
    JOBS,
    OLDEST,
    ADDED,
    FINISHED,
    DERIVED,
    ORPHANED,
    STUCK,
    OVERDUE,
    PAUSED,
    RATE_LIMITED,
    SCHEDULERS,
    WORKERS,
    STALE_WORKERS,
    SILENT_WORKERS,
    HEARTBEAT,
    DRAIN,
    GROUP_LAG,
    GROUP_PENDING,
    GROUP_PENDING_AGE,
    GROUP_STUCK,
    GROUP_CONSUMERS,
    GROUP_IDLE,
    MEMBERS,
    WORST_MEMBERS,
    KNOWN,
    DROPPED,
    OVER_LIMIT,
    ROUND_TRIPS,
    WALK_DURATION,
)


class QueueWriter:
    """Writes the readings of one pass; `at` is its moment in epoch seconds."""

    def __init__(self, table: SeriesTable, at: float, *, separate_priorities: bool) -> None:
        self._table = table
        self._at = at
        self._separate = separate_priorities

    def write(
        self, reading: Reading, framework: str, queue: str, database: str, drain_seconds: float | None
    ) -> None:
        """Everything that is known of one queue; what is unknown has no series."""
        labels = (framework, queue, database)
        self._write_jobs(reading, labels)
        numbers = (
            (ADDED, reading.added),
            (ORPHANED, reading.orphaned),
            (STUCK, reading.stuck),
            (OVERDUE, reading.overdue),
            (PAUSED, reading.paused),
            (RATE_LIMITED, reading.rate_limited_seconds),
            (SCHEDULERS, reading.schedulers),
            (WORKERS, reading.workers),
            (STALE_WORKERS, reading.stale_workers),
            (SILENT_WORKERS, reading.stale_workers),
            (HEARTBEAT, reading.last_heartbeat),
            (DRAIN, drain_seconds),
            (MEMBERS, reading.members),
        )
        for family, value in numbers:
            if value is not None:
                self._table.set(family, float(value), *labels)
        for outcome, value in reading.finished.items():
            self._table.set(FINISHED, value, *labels, outcome)
        for outcome, value in reading.derived.items():
            self._table.set(DERIVED, value, *labels, outcome)
        age, method = oldest_age(reading, self._at)
        if age is not None:
            self._table.set(OLDEST, age, *labels, method)
        self._write_groups(reading.groups, labels)
        for member in reading.worst:
            self._table.set(WORST_MEMBERS, float(member.backlog), *labels, member.name)

    def _write_jobs(self, reading: Reading, labels: tuple[str, str, str]) -> None:
        split = {state for state, _ in reading.by_priority} if self._separate else set()
        for state, jobs in reading.jobs.items():
            if state not in split:
                self._table.set(JOBS, float(jobs), *labels, state, "")
        if self._separate:
            for (state, priority), jobs in reading.by_priority.items():
                self._table.set(JOBS, float(jobs), *labels, state, priority)

    def _write_groups(self, groups: Sequence[GroupReading], labels: tuple[str, str, str]) -> None:
        for group in groups:
            own = (*labels, group.name)
            if group.lag is not None:
                self._table.set(GROUP_LAG, float(group.lag), *own, group.lag_method)
            self._table.set(GROUP_PENDING, float(group.pending), *own)
            self._table.set(GROUP_CONSUMERS, float(group.consumers), *own)
            pending_age = 0.0 if group.oldest_pending is None else max(0.0, self._at - group.oldest_pending)
            self._table.set(GROUP_PENDING_AGE, pending_age, *own)
            if group.stuck is not None:
                self._table.set(GROUP_STUCK, float(group.stuck), *own)
            if group.idle_seconds is not None:
                self._table.set(GROUP_IDLE, group.idle_seconds, *own)


def oldest_age(reading: Reading, at: float) -> tuple[float | None, str]:
    """Return the age of the oldest waiting job in seconds, and how it is known.

    0 for an empty queue, None where it is unknown.
    """
    if reading.oldest is not None:
        return max(0.0, at - reading.oldest.since), reading.oldest.method
    if reading.backlog == 0 and reading.method is not None:
        return 0.0, reading.method
    return None, ""
