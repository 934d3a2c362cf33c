"""Alerts and notifications, and whether the daemon itself is well."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tools.dashboards import daemon, remote, storage
from tools.dashboards.columns import Column, Key, rows_by
from tools.dashboards.frame import Group, assemble, url_of
from tools.dashboards.panels import About, PanelBuilder, Query, graph, number
from tools.dashboards.selectors import alerts as alerts_in
from tools.dashboards.selectors import best, or_zero, own, own_rate
from tools.dashboards.thresholds import above

_NO_ALERTING = (
    "The daemon notifies nobody itself: alerting is not configured, or Prometheus does not scrape it"
)
_NO_ALERT = "No alert; they are shown where the rules run: in the daemon, or in this Prometheus"
_HOUR = "1h"


def alerts() -> Dashboard:
    """The dashboard."""
    return assemble(
        "alerts",
        "Alerts",
        "What fires and waits, who was told, what is silenced, and the daemon's own health.",
        [
            Group("Now", [_firing(), _pending(), _sent(), _failed(), _silences(), daemon.reload()]),
            Group("Alerts", [_table(), _over_time("firing"), _over_time("pending")]),
            Group("Notifications", [_sent_rate(), _failures(), _suppressed(), _latency(), _by_state()]),
            Group("The daemon itself", daemon.panels()),
            Group("What it keeps on disk", storage.panels()),
            Group("What it sends to others", remote.panels()),
        ],
    )


def _each(state: str) -> str:
    return best(alerts_in(state), "alertname", "severity")


def _firing() -> PanelBuilder:
    text = "Alerts that fire now. Normal: 0. Otherwise: the table below, and the runbook of each."
    query = Query(or_zero(f"count({_each('firing')})"), "firing")
    return number(About("Firing", "short", text, _NO_ALERT), query, limits=above(red=1))


def _pending() -> PanelBuilder:
    text = "Alerts whose condition holds, though not for long enough yet. Normal: few."
    query = Query(or_zero(f"count({_each('pending')})"), "pending")
    return number(About("Pending", "short", text, _NO_ALERT), query, limits=above(1))


def _sent() -> PanelBuilder:
    text = (
        "Notifications that were attempted in the last hour. Normal: few. Many: group more, or fix the rules."
    )
    query = Query(
        f"sum({own_rate('alertmanager_notifications_total', window=_HOUR, function='increase')})", "sent"
    )
    return number(About("Sent in 1 h", "short", text, _NO_ALERTING), query, decimals=0)


def _failed() -> PanelBuilder:
    text = (
        "Notifications that failed in the last hour. Normal: 0. Otherwise: the log says why; nobody was told."
    )
    failed = own_rate("alertmanager_notifications_failed_total", window=_HOUR, function="increase")
    query = Query(f"sum({failed})", "failed")
    about = About("Failed in 1 h", "short", text, _NO_ALERTING)
    return number(about, query, limits=above(red=0.5), decimals=0)


def _silences() -> PanelBuilder:
    text = "Silences in force. Normal: those of planned work; forgotten ones hide trouble."
    active = own("alertmanager_silences", 'state="active"')
    about = About("Active silences", "short", text, _NO_ALERTING)
    return number(about, Query(or_zero(f"sum({active})"), "active"), limits=above(1))


def _table() -> PanelBuilder:
    text = "Every alert that fires or is pending. Normal: empty. Click the server to see it closely."
    keys = [
        Key("alertname", "Alert"),
        Key("severity", "Severity"),
        Key("instance", "Instance", url_of("instance", instance="${__value.raw}")),
    ]
    # A row that is in one column only leaves a dash in the other.
    columns = [
        Column("Firing", _each("firing"), "short", above(red=1)),
        Column("Pending", _each("pending"), "short", above(1)),
    ]
    return rows_by(About("Alerts", "short", text, _NO_ALERT), keys, columns, sort="Firing")


def _over_time(state: str) -> PanelBuilder:
    text = (
        f"Alerts that are {state}, by name, over time. Normal: none. What comes and goes wants a longer "
        "`for`."
    )
    query = Query(f"count by (alertname) ({_each(state)})", "{{alertname}}")
    return graph(About(state.capitalize(), "short", text, _NO_ALERT), query, stacked=True)


def _sent_rate() -> PanelBuilder:
    text = (
        "Notifications that were attempted, by integration. Normal: few, at most one per group and interval."
    )
    query = f"sum by (integration) ({own_rate('alertmanager_notifications_total', function='increase')})"
    about = About("Notifications", "short", text, _NO_ALERTING)
    return graph(about, Query(query, "{{integration}}"), bars=True, width=8)


def _failures() -> PanelBuilder:
    text = (
        "Notifications that failed, by integration and reason. Normal: 0. clientError: the settings of the "
        "receiver are wrong. Others: its service is down or too slow."
    )
    failed = own_rate("alertmanager_notifications_failed_total", function="increase")
    about = About("Failed notifications", "short", text, _NO_ALERTING)
    by_reason = f"sum by (integration, reason) ({failed}) > 0"
    return graph(
        about,
        Query(f"sum({failed})", "all"),
        Query(by_reason, "{{integration}} {{reason}}"),
        bars=True,
        width=8,
    )


def _suppressed() -> PanelBuilder:
    text = "Alerts that were left out, by reason. Normal: what your silences and inhibitions intend."
    suppressed = own_rate("alertmanager_notifications_suppressed_total", function="increase")
    about = About("Suppressed", "short", text, _NO_ALERTING)
    return graph(about, Query(f"sum by (reason) ({suppressed})", "{{reason}}"), bars=True, width=8)


def _latency() -> PanelBuilder:
    text = "Mean time of a request to a receiver. Normal: below a second. Otherwise: its service is slow."
    seconds = own_rate("alertmanager_notification_latency_seconds_sum")
    requests = own_rate("alertmanager_notification_latency_seconds_count")
    query = f"sum by (integration) ({seconds}) / (sum by (integration) ({requests}) > 0)"
    about = About("Latency of receivers", "s", text, "Nobody was notified in this time")
    return graph(about, Query(query, "{{integration}}"), limits=above(1, 5))


def _by_state() -> PanelBuilder:
    text = "Alerts and silences in the daemon, by state. Normal: few suppressed, no forgotten silences."
    return graph(
        About("Alerts and silences", "short", text, _NO_ALERTING),
        Query(f"sum by (state) ({own('alertmanager_alerts')})", "alerts {{state}}"),
        Query(f"sum by (state) ({own('alertmanager_silences')})", "silences {{state}}"),
    )
