"""`ActionLog`: what people do, on the pages and by the API, as events of the kind `action`."""

from collections.abc import Callable

from starlette.requests import Request

from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import format_matchers
from exporter.events import EventKind, EventRecorder, EventSink, FieldValue


class ActionLog:
    """Keeps who did what; `now` tells the time (epoch seconds)."""

    def __init__(self, events: EventSink, now: Callable[[], float]) -> None:
        self._events = EventRecorder(events, now=now)

    def record(self, what: str, by: str, **fields: FieldValue) -> None:
        """Keep that somebody did something."""
        self._events.record(EventKind.ACTION, {"what": what, "by": by, **fields})

    def record_silence(self, what: str, by: str, silence: Silence, before: Silence | None = None) -> None:
        """Keep what was done with a silence; `before` is the one that is changed, or replaced by this one."""
        self.record(
            what,
            by,
            silence=silence.id,
            replaces=None if before is None or before.id == silence.id else before.id,
            matchers=format_matchers(silence.matchers),
            ends_at=silence.ends_at,
            created_by=silence.created_by,
            comment=silence.comment,
        )


def signed_in(request: Request) -> str:
    """The name of the user whose password was right; empty where there are no users."""
    return str(request.scope.get("user", ""))
