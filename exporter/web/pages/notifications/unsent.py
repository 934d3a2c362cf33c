"""Why nobody is told of an alert that fires, as things are now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.manager import AlertManager
from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.notify.not_sent import NotSent
from exporter.time_slice import TimeSlice
from exporter.web.pages.moments import moment_text

MOST_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words; `silence` and `alert` are what it is because of, where that has a page."""

    words: str
    silence: str = ""
    alert: str = ""


@dataclass(frozen=True, slots=True)
class UnsentRow:
    """One alert that fires, and one receiver who is not told of it."""

    fingerprint: str
    name: str
    instance: str
    receiver: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Unsent:
    """`rows` of `count`."""

    rows: Sequence[UnsentRow]
    count: int

    @property
    def left_out(self) -> int:
        """How many are not among the rows."""
        return self.count - len(self.rows)


async def read_unsent(manager: AlertManager, now: float, wanted: str = "") -> Unsent:
    """Read what is not sent to anybody, or to one receiver."""
    turn = TimeSlice()
    names = {f"{alert.labels.fingerprint():016x}": alert.name async for alert in turn.each(manager.alerts)}
    errors = {state.receiver: state.error for state in manager.receiver_states if state.error}
    rows: list[UnsentRow] = []
    count = 0
    async for group, alert in turn.each(_firing(manager, now)):
        receiver = group.options.receiver
        reason = _reason(manager, group, alert, names, errors, now)
        if reason is None or wanted not in ("", receiver):
            continue
        count += 1
        if len(rows) < MOST_ROWS:
            fingerprint = f"{alert.labels.fingerprint():016x}"
            rows.append(UnsentRow(fingerprint, alert.name, alert.labels.get("instance"), receiver, reason))
    return Unsent(rows, count)


def _firing(manager: AlertManager, now: float) -> Iterator[tuple[AggregationGroup, Alert]]:
    for group in manager.groups:
        for alert in group.alerts:
            if not alert.is_resolved(now):
                yield group, alert


def _reason(
    manager: AlertManager,
    group: AggregationGroup,
    alert: Alert,
    names: Mapping[str, str],
    errors: Mapping[str, str],
    now: float,
) -> Reason | None:
    status, receiver = manager.status(alert.labels), group.options.receiver
    if status.silenced_by:
        return Reason("silenced", silence=status.silenced_by[0])
    if status.inhibited_by:
        source = status.inhibited_by[0]
        return Reason(f"inhibited by {names.get(source, 'another alert')}", alert=source)
    if intervals := manager.muted_by(group):
        return Reason(f"muted by the time interval {', '.join(intervals)}")
    integrations = manager.integrations[receiver]
    if all(isinstance(one, NotSent) for one in integrations):
        if alert.labels.get("severity") == NO_SEVERITY:
            return None
        services = ", ".join(one.service for one in integrations if isinstance(one, NotSent))
        return Reason(
            f"redis-vigil does not send to {services}" if services else "the receiver has no entry that sends"
        )
    if not group.has_flushed:
        return Reason(f"waits for others of its group until {moment_text(group.due_at, now, seconds=True)}")
    if error := errors.get(receiver):
        return Reason(f"failed, and is tried again: {error}")
    return None
