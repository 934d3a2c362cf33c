"""What a silence hits: the alerts that its matchers fit now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.manager import AlertManager
from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.model.matcher import Matcher
from exporter.time_slice import TimeSlice
from exporter.web.pages.moments import span_text

MOST_ROWS: Final = 50
_MOST_WATCHDOGS: Final = 5
_RANKS: Final = {"critical": 0, "warning": 1}


@dataclass(frozen=True, slots=True)
class Hit:
    """An alert that fires, and that a silence fits. `is_silenced`: by another silence already."""

    fingerprint: str
    name: str
    severity: str
    instance: str
    summary: str
    since: str
    is_silenced: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """What a silence hits: `rows` of `count`, out of `firing` alerts in all.

    `watchdogs`: the names of alerts among them that always fire, and are missed where they do not arrive.
    Those count nowhere else.
    """

    rows: Sequence[Hit]
    count: int
    firing: int
    watchdogs: Sequence[str] = ()

    @property
    def left_out(self) -> int:
        """How many are not among the rows."""
        return self.count - len(self.rows)

    @property
    def sentence(self) -> str:
        """In words, such as `3 of 12 alerts that fire now`."""
        if not self.firing:
            return "no alert fires now"
        alerts = "alert that fires" if self.firing == 1 else "alerts that fire"
        if not self.count:
            return f"none of {self.firing:,} {alerts} now"
        if self.count == self.firing:
            return f"every alert that fires now ({self.count:,})"
        return f"{self.count:,} of {self.firing:,} {alerts} now"


async def find_hits(
    manager: AlertManager, matchers: Sequence[Matcher], now: float, besides: str = ""
) -> Hits:
    """Find what matchers hit; the silence with the id `besides` is not taken for another one."""
    firing, found, watchdogs = 0, [], set()
    async for alert in TimeSlice().each(list(manager.alerts)):
        if alert.is_resolved(now):
            continue
        is_hit = all(matcher.matches(alert.labels) for matcher in matchers)
        if is_watchdog(alert):
            watchdogs |= {alert.name} if is_hit else set()
            continue
        firing += 1
        if is_hit:
            found.append(alert)
    found.sort(key=_order)
    rows = [_hit(alert, manager, now, besides) for alert in found[:MOST_ROWS]]
    return Hits(rows, len(found), firing, sorted(watchdogs)[:_MOST_WATCHDOGS])


def is_watchdog(alert: Alert) -> bool:
    """Whether an alert is no trouble: it fires all the time, to show that messages arrive."""
    return alert.labels.get("severity") == NO_SEVERITY


def _order(alert: Alert) -> tuple[int, str, str]:
    rank = _RANKS.get(alert.labels.get("severity"), len(_RANKS))
    return rank, alert.name, alert.labels.get("instance")


def _hit(alert: Alert, manager: AlertManager, now: float, besides: str) -> Hit:
    annotations = alert.annotations
    return Hit(
        fingerprint=f"{alert.labels.fingerprint():016x}",
        name=alert.name,
        severity=alert.labels.get("severity"),
        instance=alert.labels.get("instance"),
        summary=annotations.get("summary") or annotations.get("description"),
        since=span_text(now - alert.starts_at),
        is_silenced=any(one != besides for one in manager.status(alert.labels).silenced_by),
    )
