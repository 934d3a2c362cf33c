"""All pages, and what their frame tells."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from exporter.config.main import Config
from exporter.health import NO_SEVERITY
from exporter.model.duration import format_duration
from exporter.rules.active import ActiveAlert
from exporter.web.directory import CurrentConfig, RuleGroups, Targets
from exporter.web.pages import (
    alerts,
    assets,
    graph,
    notifications,
    overview,
    search,
    server,
    silences,
    status,
)
from exporter.web.pages import rules as rule_page
from exporter.web.pages.context import PageContext
from exporter.web.pages.rendering import Frame


def routes(context: PageContext) -> Sequence[BaseRoute]:
    """The routes of all pages, their stylesheet and their module."""
    return [
        *assets.routes(),
        *overview.routes(context),
        *alerts.routes(context),
        *silences.routes(context),
        *graph.routes(context),
        *server.routes(context),
        *notifications.routes(context),
        *rule_page.routes(context),
        *status.routes(context),
        *search.routes(context),
    ]


def frame_of(targets: Targets, rules: RuleGroups, in_force: CurrentConfig) -> Frame:
    """What stands around every page, from the parts that know it."""
    return Frame(
        firing=lambda: sum(_is_trouble(alert) for alert in _active(rules)),
        servers=lambda: sum(1 for _ in targets.runners),
        interval=lambda: _interval(in_force.config),
        has_actions=lambda: in_force.config.web.actions,
    )


def _active(rules: RuleGroups) -> Sequence[ActiveAlert]:
    return [
        alert
        for group in rules.groups
        for rule in group.alerting_rules
        for alert in rule.active_alerts
        if alert.is_active
    ]


def _is_trouble(alert: ActiveAlert) -> bool:
    return alert.state.value == "firing" and alert.labels.get("severity") != NO_SEVERITY


def _interval(config: Config) -> str:
    return format_duration(round(config.global_.sample_interval.seconds * 1000))
