"""Sending makes alerts of a rule's active alerts that are due, as the alerting side takes them.

Source: `needsSending` and `sendAlerts` of Prometheus' rules/alerting.go, `SendAlerts` of rules/manager.go.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus

from exporter.model.alert import Alert
from exporter.model.labels import EMPTY, Annotations, Labels
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.environment import Environment
from exporter.rules.measure import Measure, measure_of
from exporter.rules.model import AlertSpec

# An alert that is not sent again for this many intervals or resend delays counts as over.
_VALIDITY_FACTOR: Final = 4


def needs_sending(alert: ActiveAlert, at_ms: int, resend_delay_ms: int) -> bool:
    """Tell whether an alert is due: resolved since it was last sent, or last sent too long ago."""
    if alert.state is AlertState.PENDING:
        return False
    if alert.resolved_at_ms > alert.last_sent_at_ms:
        return True
    # A time in the future is left from a clock that has been set back.
    return alert.last_sent_at_ms + resend_delay_ms < at_ms or alert.last_sent_at_ms > at_ms


def alerts_to_send(
    alerts: Iterable[ActiveAlert], at_ms: int, *, spec: AlertSpec, interval_ms: int, environment: Environment
) -> list[Alert]:
    """Return the alerts of one rule that are due for sending, and record on them that they are sent now.

    A firing alert that was sent with other external labels ends with these, and is due with the new ones.
    """
    alerts, labels = list(alerts), environment.external_labels
    relabelled = [
        (alert, old) for alert in alerts if (old := _old_external_labels(alert, labels)) is not None
    ]
    for alert, _ in relabelled:
        alert.last_sent_at_ms = 0
    due = [alert for alert in alerts if needs_sending(alert, at_ms, environment.resend_delay_ms)]
    if not due:
        return []
    validity_ms = _VALIDITY_FACTOR * max(interval_ms, environment.resend_delay_ms)
    measure = measure_of(spec)
    for alert in due:
        if alert.is_firing or alert.sent_external_labels is None:
            alert.sent_external_labels = labels
        alert.last_sent_at_ms, alert.valid_until_ms = at_ms, at_ms + validity_ms
    ended = [
        _outgoing(alert, at_ms, before, environment, measure, is_replaced=True)
        for alert, before in relabelled
    ]
    going_on = [
        _outgoing(alert, at_ms, alert.sent_external_labels or EMPTY, environment, measure) for alert in due
    ]
    return [alert for alert in ended + going_on if alert is not None]


def _old_external_labels(alert: ActiveAlert, external_labels: Labels) -> Labels | None:
    """Return the external labels with which an alert that goes on was sent last, if they are others."""
    is_relabelled = alert.is_firing and alert.sent_external_labels != external_labels
    return alert.sent_external_labels if is_relabelled else None


def _outgoing(
    alert: ActiveAlert,
    at_ms: int,
    external_labels: Labels,
    environment: Environment,
    measure: Measure | None,
    *,
    is_replaced: bool = False,
) -> Alert | None:
    """Build the alert; `is_replaced`: with these external labels it ends now, and goes on with others.

    None where relabelling drops it.
    """
    labels = environment.outgoing_labels(alert.labels, external_labels)
    if labels is None:
        return None
    valid_until_ms = at_ms if is_replaced else alert.valid_until_ms
    fired_at = alert.fired_at_ms / 1000
    return Alert(
        labels,
        Annotations(alert.annotations),
        fired_at,
        (alert.resolved_at_ms or valid_until_ms) / 1000,
        alert_url(environment.external_url, f"{labels.fingerprint():016x}", fired_at),
        at_ms / 1000,
        reading=measure.tell(alert.value) if measure else "",
    )


def alert_url(external_url: str, fingerprint: str, at: float) -> str:
    """The page of an alert, around the moment at which it fired (epoch seconds)."""
    return f"{external_url}/alerts/{fingerprint}?at={at:.0f}"


def query_url(external_url: str, query: str) -> str:
    """The address at which an expression is shown, as Prometheus builds it."""
    return f"{external_url}/graph?g0.expr={quote_plus(query)}&g0.tab=1"
