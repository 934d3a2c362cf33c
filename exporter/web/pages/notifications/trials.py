"""The test message that was sent last, as the page tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.errors import StateError
from exporter.events import EventKind, EventLog, EventQuery
from exporter.web.pages.moments import moment_text

# Somebody who presses the button looks now.
_RECENT_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class LastTrial:
    """What became of it, entry by entry."""

    receiver: str
    by: str
    at: str
    has_failed: bool
    results: Sequence[str]


async def last_trial(events: EventLog, receiver: str, now: float) -> LastTrial | None:
    """Return the last one to a receiver, of the last ten minutes; None where there is none."""
    if not receiver:
        return None
    try:
        page = await events.read(EventQuery([""], [EventKind.ACTION], round(now * 1000) - _RECENT_MS))
    except StateError:
        return None
    for event in page.events:
        fields = event.fields
        if fields.get("what") == "test" and fields.get("receiver") == receiver:
            return LastTrial(
                receiver,
                str(fields.get("by") or ""),
                moment_text(event.at_ms / 1000, now, seconds=True),
                fields.get("outcome") != "sent",
                [str(one) for one in fields.get("results") or ()],
            )
    return None
