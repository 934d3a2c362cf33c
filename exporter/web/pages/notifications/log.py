"""The log of notifications, from the events: what was sent, what failed, and what was kept back."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.events import Cursor, EventKind, EventLog, EventQuery, StoredEvent
from exporter.events.rows import read_all
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.moments import moment_text

OUTCOMES: Final = ("sent", "failed", "suppressed")
MOST_ROWS: Final = 100

# So many events are looked at for a page, each of which costs some microseconds: a filter may fit few.
_MOST_EVENTS: Final = 5_000
# Whoever is sent to has been sent something by then.
_MOST_DELIVERIES: Final = 1_000
_REASONS: Final = {
    "silence": "silenced",
    "inhibition": "inhibited by another alert",
    "mute_time_interval": "muted at this time of the week",
    "active_time_interval": "outside of the times at which its route is active",
}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What is wanted of the log; empty: everything."""

    receiver: str
    outcome: str
    alert: str
    after: Cursor | None

    @classmethod
    def of(cls, address: Address) -> "LogFilter":
        """Read the parameters `receiver`, `outcome`, `alert` and `after`; raises `PageError`."""
        outcome = address.choice("outcome", ["", *OUTCOMES], "")
        try:
            after = Cursor.parse(text) if (text := address.text("after")) else None
        except ValueError:
            raise PageError(400, "The parameter after is no place in the log.") from None
        return cls(address.text("receiver"), outcome, address.text("alert"), after)

    def admits(self, fields: Mapping[str, Any]) -> bool:
        """Whether a notification is wanted: `alert` is a name, or a fingerprint."""
        named = (*_texts(fields.get("alertnames")), *_texts(fields.get("fingerprints")))
        return (
            self.receiver in ("", fields.get("receiver"))
            and self.outcome in ("", fields.get("outcome"))
            and (not self.alert or self.alert in named)
        )


@dataclass(frozen=True, slots=True)
class LogRow:
    """One notification; `fingerprint` is that of its only alert, empty where there are several."""

    id: str
    at: float
    moment: str
    outcome: str
    receiver: str
    integration: str
    alertnames: Sequence[str]
    instance: str
    fingerprint: str
    count: str
    detail: str
    attempts: int


@dataclass(frozen=True, slots=True)
class LogPage:
    """A part of the log, the newest first; `older` is where the next one begins, empty at the end."""

    rows: Sequence[LogRow]
    older: str


async def read_log(events: EventLog, wanted: LogFilter, now: float) -> LogPage:
    """Read a part of the log; raises `StateError`."""

    def read(connection: sqlite3.Connection) -> LogPage:
        query = EventQuery((), [EventKind.NOTIFICATION], None, None, _MOST_EVENTS, wanted.after)
        rows: list[LogRow] = []
        last: StoredEvent | None = None
        looked_at = 0
        for event in read_all(connection, query):
            if len(rows) == MOST_ROWS and last is not None:
                return LogPage(rows, str(last.cursor))
            looked_at, last = looked_at + 1, event
            if wanted.admits(event.fields):
                rows.append(_row(event, now))
        return LogPage(rows, str(last.cursor) if last is not None and looked_at == _MOST_EVENTS else "")

    return await events.run(read)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the notifications of a receiver by one kind of integration (epoch seconds; 0: never).

    `failing_since`: since then none has arrived; 0 where the last one did.
    """

    sent_at: float = 0.0
    failing_since: float = 0.0
    error: str = ""


async def read_deliveries(events: EventLog) -> Mapping[tuple[str, str], Delivery]:
    """The deliveries by receiver and kind of integration, from the events; raises `StateError`."""

    def read(connection: sqlite3.Connection) -> Mapping[tuple[str, str], Delivery]:
        found: dict[tuple[str, str], Delivery] = {}
        query = EventQuery((), [EventKind.NOTIFICATION], None, None, _MOST_DELIVERIES)
        # The newest come first: what stands before the last success is over.
        for event in read_all(connection, query):
            fields, at = event.fields, event.at_ms / 1000
            key = (str(fields.get("receiver")), str(fields.get("integration")))
            known = found.get(key, Delivery())
            if known.sent_at or fields.get("outcome") not in ("sent", "failed"):
                continue
            if fields["outcome"] == "sent":
                found[key] = replace(known, sent_at=at)
            else:
                found[key] = Delivery(0.0, at, known.error or str(fields.get("error") or ""))
        return found

    return await events.run(read)


def _row(event: StoredEvent, now: float) -> LogRow:
    fields, at = event.fields, event.at_ms / 1000
    fingerprints = _texts(fields.get("fingerprints"))
    outcome, error = str(fields.get("outcome")), str(fields.get("error") or "")
    return LogRow(
        id=str(event.cursor),
        at=at,
        moment=moment_text(at, now, seconds=True),
        outcome=outcome,
        receiver=str(fields.get("receiver")),
        integration=str(fields.get("integration")),
        alertnames=_texts(fields.get("alertnames")),
        instance=event.instance,
        fingerprint=fingerprints[0] if len(fingerprints) == 1 else "",
        count=_count(_number(fields.get("firing")), _number(fields.get("resolved"))),
        detail=_REASONS.get(error, error) if outcome == "suppressed" else error,
        attempts=_number(fields.get("attempts")),
    )


def _count(firing: int, resolved: int) -> str:
    parts = [f"{count:,} {word}" for count, word in ((firing, "firing"), (resolved, "resolved")) if count]
    return ", ".join(parts)


def _texts(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
