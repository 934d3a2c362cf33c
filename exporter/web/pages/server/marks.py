"""What happened, on the charts: marks on all of them, and bands on those that an alert is about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from exporter.charts import Band, Mark, MarkKind
from exporter.charts.time_range import TimeRange
from exporter.events import EventKind, StoredEvent
from exporter.rules.group import RuleGroup
from exporter.web.alert_rows import AlertRow, AlertRows
from exporter.web.pages.address import Address
from exporter.web.pages.moments import moment_text
from exporter.web.pages.server.happenings import alert_link
from exporter.web.pages.server.panels import Panel
from exporter.web.pages.server.sentences import describe

MOST_SHOWN: Final = 16
"""So many marks stand on a chart; those of small alerts and of configuration go first."""

_KINDS: Final[Mapping[str, MarkKind]] = {
    EventKind.ALERT: MarkKind.ALERT,
    EventKind.RESTART: MarkKind.RESTART,
    EventKind.FAILOVER: MarkKind.FAILOVER,
    EventKind.ROLE_CHANGE: MarkKind.FAILOVER,
    EventKind.CONFIG_CHANGE: MarkKind.CONFIGURATION,
    EventKind.VERSION_CHANGE: MarkKind.CONFIGURATION,
}
_FIRING: Final = "firing"
_PENDING: Final = "pending"
_SEVERITIES: Final = ("critical", "warning")


def marks_of(
    events: Iterable[StoredEvent], alerts: AlertRows, address: Address, now: float
) -> Sequence[Mark]:
    """Return the marks of these events, the newest first, as far as there is room for them."""
    wanted = [one for one in events if one.kind != EventKind.ALERT or one.fields.get("state") == _FIRING]
    kept = sorted(wanted, key=_rank)[:MOST_SHOWN]
    return [_mark(one, alerts, address, now) for one in kept]


def bands_of(
    events: Sequence[StoredEvent], active: Sequence[AlertRow], topics: Mapping[str, set[str]], span: TimeRange
) -> Mapping[str, Sequence[Band]]:
    """Return the times in which alerts were pending or firing, by the topic of the chart they are about.

    `events` are the newest first, `active` those alerts that are pending or firing now, `topics` those of
    each alert.
    """
    bands: dict[str, list[Band]] = {}
    for name, band in [*_told(events, span), *_active(active, span)]:
        for topic in topics.get(name, ()):
            bands.setdefault(topic, []).append(band)
    return bands


def topics_of(
    groups: Iterable[RuleGroup], panels: Sequence[Panel], names: set[str]
) -> Mapping[str, set[str]]:
    """Return the topics of the charts that the alerts of these names are about, by their expressions."""
    topics: dict[str, set[str]] = {}
    for rule in (rule for group in groups for rule in group.alerting_rules if rule.spec.name in names):
        found = {panel.topic for panel in panels if any(word in rule.spec.query for word in panel.words)}
        topics.setdefault(rule.spec.name, set()).update(found)
    return topics


def tones_of(firing: Sequence[AlertRow], topics: Mapping[str, set[str]]) -> Mapping[str, str]:
    """Return the severity of the worst alert about each topic; `firing` are the worst first."""
    tones: dict[str, str] = {}
    for alert in firing:
        for topic in topics.get(alert.name, ()):
            tones.setdefault(topic, _tone(alert.severity))
    return tones


def _mark(event: StoredEvent, alerts: AlertRows, address: Address, now: float) -> Mark:
    sentence = describe(event.kind, event.fields)
    moment = moment_text(event.at_ms / 1000, now)
    title = " ".join(part for part in (moment, sentence.subject, sentence.text) if part)
    href = alert_link(event, alerts, address) or "#events"
    return Mark(event.at_ms, _KINDS[event.kind], title[:200], sentence.tone, href)


def _rank(event: StoredEvent) -> tuple[int, int]:
    """What is shown rather than something else: what is worse, and what is newer."""
    rank = 0 if event.kind in (EventKind.RESTART, EventKind.FAILOVER, EventKind.ROLE_CHANGE) else 2
    if event.kind == EventKind.ALERT:
        rank = 1 if event.fields.get("severity") == "critical" else 3
    return rank, -event.at_ms


def _told(events: Sequence[StoredEvent], span: TimeRange) -> Iterable[tuple[str, Band]]:
    """The times that have ended, and those of which the beginning alone is told by a later change."""
    for event in events:
        fields: Mapping[str, Any] = event.fields
        after = fields.get("after_seconds")
        if event.kind != EventKind.ALERT or not isinstance(after, int | float) or not after:
            continue
        was_firing = fields.get("state") == "resolved"
        severity = _tone(str(fields.get("severity", ""))) if was_firing else "quiet"
        begin_ms = event.at_ms - round(after * 1000)
        if event.at_ms > span.start_ms and begin_ms < span.end_ms:
            yield str(fields.get("alertname", "")), Band(begin_ms, event.at_ms, severity)


def _active(active: Sequence[AlertRow], span: TimeRange) -> Iterable[tuple[str, Band]]:
    for alert in active:
        begin_ms = round(alert.since_at * 1000)
        if begin_ms < span.end_ms:
            severity = "quiet" if alert.state == _PENDING else _tone(alert.severity)
            yield alert.name, Band(begin_ms, span.end_ms, severity)


def _tone(severity: str) -> str:
    return severity if severity in _SEVERITIES else "info"
