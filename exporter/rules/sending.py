"""From a rule's alerts to those that are handed on: when, and in which shape.

Source: `needsSending` and `sendAlerts` of Prometheus' rules/alerting.go, `SendAlerts` of rules/manager.go.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus

from exporter.model.alert import Alert
from exporter.model.labels import Annotations, Labels
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.environment import Environment
from exporter.rules.measure import Measure, measure_of
from exporter.rules.model import AlertSpec

# An alert that is not sent again for this many intervals or resend delays counts as over.
_VALIDITY_FACTOR: Final = 4


def needs_sending(alert: ActiveAlert, at_ms: int, resend_delay_ms: int) -> bool:
    """Whether an alert is due: resolved since it was last sent, or last sent too long ago."""
    if alert.state is AlertState.PENDING:
        return False
    if alert.resolved_at_ms > alert.last_sent_at_ms:
        return True
    # A moment in the future is left from a clock that has been set back.
    return alert.last_sent_at_ms + resend_delay_ms < at_ms or alert.last_sent_at_ms > at_ms


def take_due(
    alerts: Iterable[ActiveAlert], at_ms: int, *, spec: AlertSpec, interval_ms: int, environment: Environment
) -> list[Alert]:
    """The alerts of one rule that are due, ready to be handed on; notes on them that they are sent now.

    Those that fire and were sent with other external labels end with these, and are due with the new ones.
    """
    alerts, labels = list(alerts), environment.external_labels
    left = [(alert, before) for alert in alerts if (before := _labels_left(alert, labels)) is not None]
    for alert, _ in left:
        alert.last_sent_at_ms = 0
    due = [alert for alert in alerts if needs_sending(alert, at_ms, environment.resend_delay_ms)]
    if not due:
        return []
    validity_ms = _VALIDITY_FACTOR * max(interval_ms, environment.resend_delay_ms)
    generator_url = query_url(environment.external_url, spec.query)
    measure = measure_of(spec)
    for alert in due:
        if alert.is_firing or alert.sent_under is None:
            alert.sent_under = labels
        alert.last_sent_at_ms, alert.valid_until_ms = at_ms, at_ms + validity_ms
    ended = [_outgoing(alert, at_ms, generator_url, before, measure, is_left=True) for alert, before in left]
    told = [(alert, labels if alert.sent_under is None else alert.sent_under) for alert in due]
    return ended + [_outgoing(alert, at_ms, generator_url, under, measure) for alert, under in told]


def _labels_left(alert: ActiveAlert, external_labels: Labels) -> Labels | None:
    """Other external labels than these, with which an alert that goes on was sent last."""
    is_left = alert.is_firing and alert.sent_under != external_labels
    return alert.sent_under if is_left else None


def _outgoing(
    alert: ActiveAlert,
    at_ms: int,
    generator_url: str,
    external_labels: Labels,
    measure: Measure | None,
    *,
    is_left: bool = False,
) -> Alert:
    """`is_left`: with these external labels it ends now, however it goes on with others."""
    valid_until_ms = at_ms if is_left else alert.valid_until_ms
    return Alert(
        Labels({**external_labels.as_dict(), **alert.labels.as_dict()}),
        Annotations(alert.annotations),
        alert.fired_at_ms / 1000,
        (alert.resolved_at_ms or valid_until_ms) / 1000,
        generator_url,
        at_ms / 1000,
        reading=measure.tell(alert.value) if measure else "",
    )


def query_url(external_url: str, query: str) -> str:
    """The address at which an expression is shown, as Prometheus builds it."""
    return f"{external_url}/graph?g0.expr={quote_plus(query)}&g0.tab=1"
