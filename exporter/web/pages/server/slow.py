"""The table of slow commands, by pattern."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.web.pages.moments import moment_text
from exporter.web.pages.server.figures import count_figure, time_figure
from exporter.web.pages.server.past import MOST_SLOW, Past


@dataclass(frozen=True, slots=True)
class SlowRow:
    """One pattern of slow commands; texts."""

    pattern: str
    count: str
    mean: str
    longest: str
    total: str
    last: str
    client: str


@dataclass(frozen=True, slots=True)
class SlowTable:
    """The patterns that took most time first; `note` says what was not seen."""

    rows: Sequence[SlowRow]
    left_out: int
    note: str


def read_slow(past: Past, now: float, most: int) -> SlowTable:
    """Return so many of the patterns; `now` in epoch seconds."""
    report = past.slow
    if report is None:
        return SlowTable((), 0, "")
    rows = [
        SlowRow(
            pattern=one.pattern,
            count=count_figure(one.count),
            mean=time_figure(one.mean_seconds),
            longest=time_figure(one.max_seconds),
            total=time_figure(one.total_seconds),
            last=moment_text(one.last_at, now),
            client=one.last_client_name or one.last_client.rpartition(":")[0],
        )
        for one in report.patterns[:most]
    ]
    notes = []
    if past.is_slow_cut:
        notes.append(f"of the newest {MOST_SLOW:,} commands")
    if report.lost:
        notes.append(f"{count_figure(report.lost)} more were dropped by the server before they were read")
    return SlowTable(rows, len(report.patterns) - len(rows), ", ".join(notes))
