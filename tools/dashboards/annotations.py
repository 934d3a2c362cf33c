"""Marks on every graph: restarts, failovers and firing alerts."""

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery

from tools.dashboards.panels import DATA_SOURCE
from tools.dashboards.selectors import alerts, best, of


def restarts() -> AnnotationQuery:
    """A server's uptime began anew."""
    uptime = of("redis_uptime_in_seconds")
    return _marks("Restarts", f"{best(f'resets({uptime}[2m])')} > 0", "purple")


def failovers() -> AnnotationQuery:
    """What was a replica two minutes ago is a primary."""
    now = of("redis_instance_info", 'role="master"')
    before = of("redis_instance_info", 'role="slave"')
    return _marks("Failovers", f"{best(now)} and {best(f'{before} offset 2m')}", "blue")


def firing_alerts() -> AnnotationQuery:
    """Alerts while they fire, where the rules run."""
    return _marks("Firing alerts", best(alerts("firing"), "alertname", "severity"), "red")


def _marks(name: str, expression: str, color: str) -> AnnotationQuery:
    return (
        AnnotationQuery().name(name).datasource(DATA_SOURCE).enable(True).icon_color(color).expr(expression)
    )
