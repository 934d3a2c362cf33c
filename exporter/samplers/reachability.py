"""Reachability as events: a server went down, or is back."""

from exporter.events import EventKind, EventRecorder
from exporter.samplers.status import TargetStatus

_TOPIC = "up"


def record_reachability(events: EventRecorder, status: TargetStatus, now: float) -> None:
    """Keep that a server is up or down where that has changed, also since before a restart of ours.

    `now` is in epoch seconds.
    """
    is_up = status.up is True
    before = events.known(_TOPIC) or {"up": True, "since": now}
    if events.known(_TOPIC) is None or before["up"] is not is_up:
        events.remember(_TOPIC, {"up": is_up, "since": now})
    if before["up"] is is_up:
        return
    if is_up:
        events.record(EventKind.UP, {"down_seconds": round(max(0.0, now - before["since"]), 3)})
    else:
        reason = "" if status.problem is None else status.problem.value
        events.record(EventKind.DOWN, {"reason": reason, "message": status.message})


def reachable_since(events: EventRecorder) -> float | None:
    """Return since when the server is up, or down (epoch seconds); None where it was not asked yet."""
    known = events.known(_TOPIC)
    return None if known is None else float(known["since"])
