"""Alert rows are the texts that the pages show of alerts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.alerting.manager import AlertManager
from exporter.clock import Clock
from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import ALERT_NAME
from exporter.time_slice import TimeSlice
from exporter.web.directory import Outgoing, RuleGroups
from exporter.web.text import duration_text

# Nobody reads more rows than this; the API has them all.
MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One pending or firing alert. `quiet` says why nobody is told; messages link to its `fingerprint`.

    `since_at` is in epoch seconds; `advice` is its annotation `recommendation`.
    """

    fingerprint: str
    name: str
    state: str
    severity: str
    instance: str
    summary: str
    advice: str
    since: str
    since_at: float
    is_frozen: bool
    is_posted: bool
    quiet: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """An alert before it is a row: of a rule, with the labels it is sent with, or posted by somebody else."""

    labels: Labels
    name: str
    state: str
    summary: str
    advice: str
    since: float
    is_frozen: bool = False
    is_posted: bool = False

    @property
    def severity(self) -> str:
        return self.labels.get("severity")

    @property
    def order(self) -> tuple[object, ...]:
        """The sort key: firing alerts first, critical ones first among them, the watchdog last."""
        ranks = (self.state != "firing", self.severity == NO_SEVERITY, self.severity != "critical")
        return (*ranks, self.name, self.labels.get("instance"))


class AlertRows:
    """Collects the rows from the rules and from alerting, which knows posted alerts and silences as well."""

    def __init__(
        self,
        rules: RuleGroups,
        alerting: AlertManager,
        external: Outgoing,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._alerting = alerting
        self._external = external
        self._clock = clock

    async def about(self, instance: str, time_slice: TimeSlice) -> list[AlertRow]:
        """Everything about one server that is pending or firing."""
        entries = [entry async for entry in time_slice.each(self._entries())]
        return await self._rows(
            [entry for entry in entries if entry.labels.get("instance") == instance], time_slice
        )

    def fingerprint(self, labels: Labels) -> str:
        """Return the one by which the alert of a rule with these labels is linked to."""
        return f"{(self._external.outgoing_labels(labels) or labels).fingerprint():016x}"

    def _entries(self) -> Iterator[_Entry]:
        of_rules = set()
        for group in self._rules.groups:
            for rule in group.alerting_rules:
                for alert in rule.active_alerts:
                    if alert.is_active:
                        labels = self._external.outgoing_labels(alert.labels) or alert.labels
                        of_rules.add(labels)
                        yield _entry_of_rule(alert, labels)
        now = self._clock.now()
        for posted in list(self._alerting.alerts):
            if posted.labels not in of_rules and not posted.is_resolved(now):
                yield _entry_posted(posted)

    async def _rows(self, entries: Sequence[_Entry], time_slice: TimeSlice) -> list[AlertRow]:
        shown = sorted(entries, key=lambda entry: entry.order)[:MAX_ROWS]
        return [self._row(entry) async for entry in time_slice.each(shown)]

    def _row(self, entry: _Entry) -> AlertRow:
        quiet = self._quiet(entry.labels) if entry.state == "firing" else ""
        return AlertRow(
            fingerprint=f"{entry.labels.fingerprint():016x}",
            name=entry.name,
            state=entry.state,
            severity=entry.severity,
            instance=entry.labels.get("instance") or str(entry.labels.without(ALERT_NAME, "severity")),
            summary=entry.summary,
            advice=entry.advice,
            since_at=entry.since,
            since=duration_text(self._clock.now() - entry.since),
            is_frozen=entry.is_frozen,
            is_posted=entry.is_posted,
            quiet=quiet,
        )

    def outgoing_labels(self, labels: Labels) -> Labels | None:
        """Return the labels with which an alert of a rule is sent; None where it is not."""
        return self._external.outgoing_labels(labels)

    def why_quiet(self, labels: Labels) -> str:
        """Return why nobody is notified of a rule's alert with these labels; else empty.

        The reason is a word, such as `silenced`.
        """
        outgoing = self._external.outgoing_labels(labels)
        return "dropped" if outgoing is None else self._quiet(outgoing)

    def _quiet(self, labels: Labels) -> str:
        status = self._alerting.status(labels)
        is_muted = self._alerting.is_muted(labels)
        reasons = (
            ("silenced", status.silenced_by),
            ("inhibited", status.inhibited_by),
            ("muted", is_muted),
        )
        return ", ".join(word for word, holds in reasons if holds)


def _entry_of_rule(alert: ActiveAlert, labels: Labels) -> _Entry:
    annotations = dict(alert.annotations)
    return _Entry(
        labels=labels,
        name=labels.get(ALERT_NAME),
        state=alert.state.value,
        summary=annotations.get("summary") or annotations.get("description", ""),
        advice=annotations.get("recommendation", ""),
        since=(alert.fired_at_ms or alert.active_at_ms) / 1000,
        is_frozen=alert.frozen,
    )


def _entry_posted(alert: Alert) -> _Entry:
    return _Entry(
        labels=alert.labels,
        name=alert.name,
        state="firing",
        summary=alert.annotations.get("summary") or alert.annotations.get("description"),
        advice=alert.annotations.get("recommendation"),
        since=alert.starts_at,
        is_posted=True,
    )
