"""What a silence hits: the alerts that its matchers fit now, firing and pending."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.model.labels import Annotations
from exporter.model.matcher import Matcher
from exporter.rules.active import AlertState
from exporter.time_slice import TimeSlice
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import span_text

MOST_ROWS: Final = 50
_MOST_WATCHDOGS: Final = 5
_RANKS: Final = {"critical": 0, "warning": 1}


@dataclass(frozen=True, slots=True)
class Hit:
    """An alert that a silence fits. `is_silenced`: by another silence already."""

    fingerprint: str
    name: str
    severity: str
    instance: str
    summary: str
    since: str
    is_pending: bool
    is_silenced: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """What a silence hits: `rows` of `count` that fire, out of `firing` in all, and of `pending` ones.

    `watchdogs`: the names of alerts among them that always fire, and are missed where they do not arrive.
    Those count nowhere else.
    """

    rows: Sequence[Hit]
    count: int
    firing: int
    pending: int = 0
    watchdogs: Sequence[str] = ()

    @property
    def left_out(self) -> int:
        """How many are not among the rows."""
        return self.count + self.pending - len(self.rows)

    @property
    def sentence(self) -> str:
        """In words, such as `3 of 12 alerts that fire now, and 1 that is pending`."""
        pending = "" if not self.pending else f", and {self.pending:,} that {_are(self.pending)} pending"
        return self._of_firing + pending

    @property
    def _of_firing(self) -> str:
        if not self.firing:
            return "no alert fires now"
        alerts = "alert that fires" if self.firing == 1 else "alerts that fire"
        if not self.count:
            return f"none of {self.firing:,} {alerts} now"
        if self.count == self.firing:
            return f"every alert that fires now ({self.count:,})"
        return f"{self.count:,} of {self.firing:,} {alerts} now"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


async def find_hits(context: PageContext, matchers: Sequence[Matcher], now: float, besides: str = "") -> Hits:
    """Find what matchers hit; the silence with the id `besides` is not taken for another one."""
    firing, found, watchdogs = 0, [], set()
    async for alert in TimeSlice().each(list(context.alerting.alerts)):
        if alert.is_resolved(now):
            continue
        is_hit = all(matcher.matches(alert.labels) for matcher in matchers)
        if is_watchdog(alert):
            watchdogs |= {alert.name} if is_hit else set()
            continue
        firing += 1
        if is_hit:
            found.append(alert)
    worst = await TimeSlice().first(MOST_ROWS, found, _order)
    waiting = [
        alert
        async for alert in TimeSlice().each(_pending(context))
        if all(matcher.matches(alert.labels) for matcher in matchers)
    ]
    rows = [_hit(alert, context, now, besides) for alert in worst]
    rows += [
        _hit(alert, context, now, besides, is_pending=True) for alert in waiting[: MOST_ROWS - len(rows)]
    ]
    return Hits(rows, len(found), firing, len(waiting), sorted(watchdogs)[:_MOST_WATCHDOGS])


def is_watchdog(alert: Alert) -> bool:
    """Whether an alert is no trouble: it fires all the time, to show that messages arrive."""
    return alert.labels.get("severity") == NO_SEVERITY


def _pending(context: PageContext) -> Iterator[Alert]:
    """The alerts of rules that wait for their `for`, with the labels that they will be sent with."""
    for group in context.rules.groups:
        for rule in group.alerting_rules:
            for alert in rule.active_alerts:
                labels = context.alerts.outgoing_labels(alert.labels)
                if alert.state is AlertState.PENDING and labels is not None:
                    yield Alert(labels, Annotations(dict(alert.annotations)), alert.active_at_ms / 1000, 0.0)


def _order(alert: Alert) -> tuple[int, str, str]:
    rank = _RANKS.get(alert.labels.get("severity"), len(_RANKS))
    return rank, alert.name, alert.labels.get("instance")


def _hit(alert: Alert, context: PageContext, now: float, besides: str, *, is_pending: bool = False) -> Hit:
    annotations = alert.annotations
    return Hit(
        fingerprint=f"{alert.labels.fingerprint():016x}",
        name=alert.name,
        severity=alert.labels.get("severity"),
        instance=alert.labels.get("instance"),
        summary=annotations.get("summary") or annotations.get("description"),
        since=span_text(now - alert.starts_at),
        is_pending=is_pending,
        is_silenced=any(one != besides for one in context.alerting.status(alert.labels).silenced_by),
    )
