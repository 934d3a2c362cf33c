"""Queues as tables for people, and as lines of comma-separated values."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table

from exporter.cli.output import add_row, make_table
from exporter.model.duration import format_duration
from exporter.model.printable import printable
from exporter.queues import QueueReport
from exporter.queues.vocabulary import State

# Columns that add states up: a table has no room for twelve.
_WAITING: Final = ("waiting", "prioritized", "paused")
_LATER: Final = ("delayed", "scheduled", "retry", "deferred", "waiting_children", "aggregating")
# States that no column shows.
_REMARKED: Final = ("reserved", "intermediate", "canceled")
_FAILED: Final = ("failed", "dead")
_UNKNOWN: Final = "-"
_FIELDS: Final = (
    "framework",
    "queue",
    "database",
    "oldest_job_age_seconds",
    "age_method",
    "workers",
    "silent_workers",
    "orphaned",
    "stuck",
    "overdue",
    "paused",
)
_STATES: Final = tuple(state.value for state in State)
CSV_COLUMNS: Final = (*_FIELDS, *(f"jobs_{state}" for state in _STATES))


def csv_rows(reports: Sequence[QueueReport]) -> Iterator[Sequence[object]]:
    """One line per queue, with the jobs of every state there is."""
    for report in reports:
        yield [
            *(getattr(report, name) for name in _FIELDS),
            *(report.jobs.get(state) for state in _STATES),
        ]


def show_queues(reports: Sequence[QueueReport], where: str) -> RenderableType:
    """The queues as a table, and consumer groups as another."""
    if not reports:
        return printable(f"no queues found on {where}")
    groups = [report for report in reports if report.groups]
    return Group(_queue_table(reports), _group_table(groups)) if groups else _queue_table(reports)


def fit_queues(reports: Sequence[QueueReport], height: int) -> Sequence[QueueReport]:
    """Those that a screen of so many lines has room for: what needs a look comes before what is quiet."""
    room = max(1, height - 2 - sum(len(report.groups) + 1 for report in reports if report.groups))
    if len(reports) <= room:
        return reports
    ranked = sorted(reports, key=lambda report: (not _troubles(report), -_backlog(report)))[:room]
    return [report for report in reports if report in ranked]


def _backlog(report: QueueReport) -> int:
    return sum(report.jobs.get(state, 0) for state in _WAITING)


def _queue_table(reports: Sequence[QueueReport]) -> Table:
    figures = ("WAITING", "OLDEST", "ACTIVE", "LATER", "DONE", "FAILED", "WORKERS")
    table = make_table("FRAMEWORK", "QUEUE", *figures, "REMARKS", right=figures)
    for report in reports:
        add_row(
            table,
            report.framework,
            f"{report.queue} (db{report.database})" if report.database else report.queue,
            _sum(report, _WAITING),
            _age(report),
            _sum(report, ("active",)),
            _sum(report, _LATER),
            _sum(report, ("completed",)),
            _sum(report, _FAILED),
            _UNKNOWN if report.workers is None else str(report.workers),
            ", ".join(_remarks(report)),
        )
    return table


def _group_table(reports: Sequence[QueueReport]) -> Table:
    figures = ("LAG", "PENDING", "OLDEST PENDING", "STUCK", "CONSUMERS")
    table = make_table("STREAM", "GROUP", *figures, right=figures)
    for report in reports:
        for group in report.groups:
            lag = _UNKNOWN if group.lag is None else str(group.lag)
            add_row(
                table,
                report.queue,
                group.name,
                f">={lag}" if group.lag_is_capped else lag,
                str(group.pending),
                _duration(group.oldest_pending_age_seconds),
                _UNKNOWN if group.stuck is None else str(group.stuck),
                str(group.consumers),
            )
    return table


def _sum(report: QueueReport, states: Sequence[str]) -> str:
    known = [report.jobs[state] for state in states if state in report.jobs]
    return str(sum(known)) if known else _UNKNOWN


def _age(report: QueueReport) -> str:
    """Return the age of the oldest job; one that is only known since the first look has a sign before it."""
    text = _duration(report.oldest_job_age_seconds)
    is_bound = report.age_method == "first_seen" and _sum(report, _WAITING) not in ("0", _UNKNOWN)
    return f">={text}" if is_bound else text


def _duration(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else format_duration(round(seconds) * 1000)


def _remarks(report: QueueReport) -> list[str]:
    remarks = _troubles(report)
    counts = {**{state: report.jobs.get(state) for state in _REMARKED}, "schedulers": report.schedulers}
    remarks += [f"{count} {what}" for what, count in counts.items() if count]
    if report.members is not None:
        remarks.append(f"{report.members} streams")
    if report.worst_members:
        worst = report.worst_members[0]
        remarks.append(f"{worst.entries} entries left in {worst.name}")
    return remarks


def _troubles(report: QueueReport) -> list[str]:
    troubles = ["paused"] if report.paused else []
    if report.rate_limited_seconds:
        troubles.append(f"rate limited for {_duration(report.rate_limited_seconds)}")
    counts = {
        "orphaned": report.orphaned,
        "stuck": report.stuck,
        "overdue": report.overdue,
        "silent": report.silent_workers,
    }
    return troubles + [f"{count} {what}" for what, count in counts.items() if count]
