"""The table of queues: those with most that waits first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.queues import QueuesSampler
from exporter.queues.report import QueueReport
from exporter.samplers.runner import TargetRunner
from exporter.web.pages.moments import span_text
from exporter.web.pages.server.figures import UNKNOWN, count_figure

_WAITING: Final = ("waiting", "prioritized")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue; texts."""

    queue: str
    framework: str
    waiting: str
    active: str
    failed: str
    delayed: str
    oldest: str
    workers: str
    drains: str
    is_paused: bool


@dataclass(frozen=True, slots=True)
class QueueTable:
    """The queues, and what is worth knowing of what was not taken for one."""

    rows: Sequence[QueueRow] = ()
    left_out: int = 0
    hint: str = ""


def read_queues(runner: TargetRunner, most: int) -> QueueTable | None:
    """Return so many of the queues; None where queues are not looked for."""
    sampler = runner.sampler("queues")
    if not isinstance(sampler, QueuesSampler):
        return None
    reports = sorted(sampler.report(), key=lambda one: (-_waiting(one), one.framework, one.queue))
    rows = [_row(one) for one in reports[:most]]
    return QueueTable(rows, len(reports) - len(rows), sampler.inaccessible or sampler.adviser.text or "")


def _row(one: QueueReport) -> QueueRow:
    age, drain = one.oldest_job_age_seconds, one.drain_seconds
    return QueueRow(
        queue=one.queue,
        framework=one.framework,
        waiting=count_figure(_waiting(one)),
        active=_jobs(one, "active"),
        failed=_jobs(one, "failed"),
        delayed=_jobs(one, "delayed"),
        oldest=UNKNOWN if age is None else span_text(age),
        workers=count_figure(one.workers),
        drains=UNKNOWN if drain is None else span_text(drain) if math.isfinite(drain) else "never",
        is_paused=one.paused is True,
    )


def _waiting(one: QueueReport) -> int:
    return sum(one.jobs.get(state, 0) for state in _WAITING)


def _jobs(one: QueueReport, state: str) -> str:
    return count_figure(one.jobs[state]) if state in one.jobs else UNKNOWN
