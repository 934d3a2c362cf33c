"""What was kept of a server: its events, what of them stands on its charts, and its slow commands."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.time_range import TimeRange
from exporter.errors import StateError
from exporter.events import EventKind, EventLog, EventQuery, StoredEvent
from exporter.events.rows import read_all
from exporter.samplers.slowlog import SlowlogReport
from exporter.samplers.slowlog.past import KINDS as SLOW_KINDS
from exporter.samplers.slowlog.past import past_reports

MARK_KINDS: Final = (
    EventKind.ALERT,
    EventKind.RESTART,
    EventKind.FAILOVER,
    EventKind.ROLE_CHANGE,
    EventKind.CONFIG_CHANGE,
    EventKind.VERSION_CHANGE,
)
"""What stands on the charts."""
MOST_MARKS: Final = 400
"""Of so many events, the newest, marks are made."""
MOST_SLOW: Final = 3_000
"""So many slow commands, the newest, are summed up."""
MOST_EVENTS: Final = 100
"""So many events are listed at most."""

# These have tables of their own, and there may be thousands of them.
_ELSEWHERE: Final = frozenset({EventKind.SLOWLOG, EventKind.LARGE_REQUEST, EventKind.LARGE_REPLY})
LISTED_KINDS: Final = tuple(kind for kind in EventKind if kind not in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Past:
    """What there is of a range; all the newest first. `error` says why there is nothing.

    `events` are one more than are listed at most, where there are more. `is_slow_cut`: there were more slow
    commands than were summed up.
    """

    marks: Sequence[StoredEvent] = ()
    events: Sequence[StoredEvent] = ()
    slow: SlowlogReport | None = None
    is_slow_cut: bool = False
    error: str = ""


async def read_past(events: EventLog, instance: str, span: TimeRange) -> Past:
    """Read it in one go, in the events' own thread; never fails."""
    until_ms = None if span.is_live else span.end_ms

    def query(kinds: Sequence[str], most: int, since_ms: int | None) -> EventQuery:
        return EventQuery((instance,), kinds, since_ms, until_ms, most)

    def read(connection: sqlite3.Connection) -> Past:
        slow_events = list(read_all(connection, query(SLOW_KINDS, MOST_SLOW, span.start_ms)))
        reports = past_reports(slow_events)
        return Past(
            marks=list(read_all(connection, query(MARK_KINDS, MOST_MARKS, span.start_ms))),
            events=list(read_all(connection, query(LISTED_KINDS, MOST_EVENTS + 1, None))),
            slow=reports[0] if reports else None,
            is_slow_cut=len(slow_events) >= MOST_SLOW,
        )

    try:
        return await events.run(read)
    except StateError as error:
        return Past(error=str(error))
