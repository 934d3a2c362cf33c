"""What was kept of an alert and around it: when it fired, what changed before, who was told."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alert_charts import Episode
from exporter.events import EventKind, EventLog, EventQuery, StoredEvent
from exporter.events.rows import read_all
from exporter.model.labels import Labels
from exporter.web.pages.alerts.subjects import FIRING, PENDING, RESOLVED, Subject

DAYS: Final = 30
CHANGES: Final = (
    EventKind.ALERT,
    EventKind.DOWN,
    EventKind.UP,
    EventKind.RESTART,
    EventKind.FAILOVER,
    EventKind.ROLE_CHANGE,
    EventKind.TOPOLOGY_CHANGE,
    EventKind.CONFIG_CHANGE,
    EventKind.ACL_CHANGE,
    EventKind.VERSION_CHANGE,
    EventKind.CLIENT_CHANGE,
    EventKind.LATENCY_SPIKE,
)
"""What may be the cause of an alert."""

_DAY_MS: Final = 86_400_000
_BEFORE_MS: Final = 3 * 3_600_000
_MOST_TURNS: Final = 2_000
_MOST_CHANGES: Final = 200
_MOST_MESSAGES: Final = 100


@dataclass(frozen=True, slots=True)
class Past:
    """All the newest first; `turns` are the changes of the alert itself."""

    turns: Sequence[StoredEvent] = ()
    changes: Sequence[StoredEvent] = ()
    messages: Sequence[StoredEvent] = ()

    @property
    def episodes(self) -> Sequence[Episode]:
        """The times of firing, the newest first."""
        return sorted(_episodes(reversed(self.turns)), key=lambda one: -one.start_ms)


async def read_turns(events: EventLog, fingerprint: str, now: float) -> Sequence[StoredEvent]:
    """How an alert changed in thirty days, the newest first; raises `StateError`."""
    since_ms = round(now * 1000) - DAYS * _DAY_MS
    query = EventQuery((), [EventKind.ALERT], since_ms, None, _MOST_TURNS, containing=_mark(fingerprint))
    return await events.run(lambda connection: list(read_all(connection, query)))


async def read_past(events: EventLog, subject: Subject, turns: Sequence[StoredEvent], at_ms: int) -> Past:
    """What changed on its server before a moment, and who was told; raises `StateError`."""
    changed = EventQuery([subject.instance, ""], CHANGES, at_ms - _BEFORE_MS, at_ms, _MOST_CHANGES)
    told = EventQuery(
        (), [EventKind.NOTIFICATION], None, None, _MOST_MESSAGES, containing=f'"{subject.fingerprint}"'
    )

    def read(connection: sqlite3.Connection) -> Past:
        changes = list(read_all(connection, changed)) if subject.instance else []
        return Past(turns, changes, list(read_all(connection, told)))

    return await events.run(read)


def subject_of(turns: Sequence[StoredEvent], outgoing: Labels | None, at_ms: int) -> Subject | None:
    """The alert that its changes tell of, as it was at a moment, where it is no longer in memory.

    `outgoing` are the labels it is sent with; None: those that it has of its rule.
    """
    episodes = Past(turns).episodes
    if not turns:
        return None
    told = next((one for one in turns if one.fields.get("state") == FIRING and one.at_ms <= at_ms), turns[0])
    own = own_labels(told)
    episode = next((one for one in episodes if one.start_ms <= at_ms), episodes[0] if episodes else None)
    ended_ms = turns[0].at_ms if episode is None or episode.end_ms is None else episode.end_ms
    value = told.fields.get("value")
    return Subject(
        outgoing or own,
        own,
        RESOLVED,
        {"summary": str(told.fields.get("summary", ""))},
        (turns[-1].at_ms if episode is None else episode.pending_ms) / 1000,
        0.0 if episode is None else episode.start_ms / 1000,
        ended_ms / 1000,
        float(value) if isinstance(value, int | float) else None,
    )


def own_labels(event: StoredEvent) -> Labels:
    """The labels of the rule's alert that an event tells of."""
    told = event.fields.get("labels")
    pairs = [str(pair).partition("=") for pair in told] if isinstance(told, list) else []
    return Labels({name: value for name, _, value in pairs})


def _mark(fingerprint: str) -> str:
    return f'"fingerprint":"{fingerprint}"'


def _episodes(turns: Iterable[StoredEvent]) -> Iterator[Episode]:
    pending_ms = start_ms = 0
    for turn in turns:
        state, after = turn.fields.get("state"), turn.fields.get("after_seconds")
        if state == PENDING:
            pending_ms = turn.at_ms
        elif state == FIRING:
            if start_ms:
                yield Episode(pending_ms or start_ms, start_ms, turn.at_ms)
            start_ms = turn.at_ms
            pending_ms = start_ms - round(after * 1000) if isinstance(after, int | float) else start_ms
        elif state == RESOLVED:
            if not start_ms and isinstance(after, int | float):
                start_ms = pending_ms = turn.at_ms - round(after * 1000)
            if start_ms:
                yield Episode(pending_ms, start_ms, turn.at_ms)
            start_ms = 0
    if start_ms:
        yield Episode(pending_ms or start_ms, start_ms, None)
