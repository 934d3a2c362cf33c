"""`rules` and `alerts`: the rules that the daemon runs, and what they found."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.model.floats import format_exponent
from exporter.model.quoting import quote
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import ALERT_NAME, AlertingRule
from exporter.rules.group import Rule, RuleGroup
from exporter.web.api_v1.moments import write_moment
from exporter.web.api_v1.paging import Page
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import Answer, BadDataError, api
from exporter.web.directory import RuleGroups

_KINDS = {"": ("alerting", "recording"), "alert": ("alerting",), "record": ("recording",)}


def routes(running: RuleGroups, clock: Clock) -> Sequence[Route]:
    """The routes about rules."""

    async def rules(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        parameters.refuse_malformed()
        shown = _Filter(parameters)
        return Answer(Page.of(parameters).cut(_encode_groups(running.groups, shown)))

    async def alerts(_: Request) -> Answer:
        rules = [rule for group in running.groups for rule in group.alerting_rules]
        return Answer({"alerts": (alert for rule in rules for alert in _encode_alerts(rule))})

    return (
        Route("/api/v1/rules", api(rules), methods=["GET"]),
        Route("/api/v1/alerts", api(alerts), methods=["GET"]),
    )


class _Filter:
    """The rules that a request wants to see. Raises `BadDataError` for bad parameters."""

    def __init__(self, parameters: Parameters) -> None:
        self._selectors = parameters.selectors()
        kind = parameters.text("type")
        if kind.lower() not in _KINDS:
            raise BadDataError(f'invalid parameter "type": not supported value {quote(kind.lower())}')
        self._kinds = _KINDS[kind.lower()]
        self._names = frozenset(parameters.texts("rule_name[]"))
        self._groups = frozenset(parameters.texts("rule_group[]"))
        self._files = frozenset(parameters.texts("file[]"))
        self.with_alerts = not _excludes_alerts(parameters)

    def admits_group(self, group: RuleGroup) -> bool:
        key = group.spec.key
        return (not self._groups or key.name in self._groups) and (not self._files or key.file in self._files)

    def admits_rule(self, rule: Rule) -> bool:
        kind = "alerting" if isinstance(rule, AlertingRule) else "recording"
        if kind not in self._kinds or (self._names and rule.spec.name not in self._names):
            return False
        labels = dict(rule.spec.label_texts)
        return not self._selectors or any(
            all(matcher.matches(labels) for matcher in matchers) for matchers in self._selectors
        )


def _excludes_alerts(parameters: Parameters) -> bool:
    text = parameters.text("exclude_alerts").lower()
    if text in ("", "0", "f", "false"):
        return False
    if text not in ("1", "t", "true"):
        raise BadDataError(
            'invalid parameter "exclude_alerts": error converting exclude_alerts: '
            f"strconv.ParseBool: parsing {quote(text)}: invalid syntax"
        )
    return True


def _encode_groups(groups: Sequence[RuleGroup], shown: _Filter) -> Iterator[dict[str, Any]]:
    """Those in which some rule is to be seen."""
    for group in groups:
        encoded = _encode_group(group, shown)
        if encoded["rules"]:
            yield encoded


def _encode_group(group: RuleGroup, shown: _Filter) -> dict[str, Any]:
    key = group.spec.key
    rules = [rule for rule in group.rules if shown.admits_group(group) and shown.admits_rule(rule)]
    return {
        "name": key.name,
        "file": key.file,
        "rules": [_encode_rule(rule, shown.with_alerts) for rule in rules],
        "interval": group.interval_ms / 1000,
        "limit": group.spec.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": write_moment(group.evaluated_at_ms),
    }


def _encode_rule(rule: Rule, with_alerts: bool) -> dict[str, Any]:
    status = rule.status
    common = {
        "name": rule.spec.name,
        "query": rule.spec.query,
        "labels": dict(rule.spec.label_texts),
        "health": status.health.value,
        "evaluationTime": status.evaluation_seconds,
        "lastEvaluation": write_moment(status.evaluated_at_ms),
    }
    if status.last_error:
        common["lastError"] = status.last_error
    if not isinstance(rule, AlertingRule):
        return {**common, "type": "recording"}
    return {
        "state": rule.state.value,
        **common,
        "duration": rule.spec.for_ms / 1000,
        "keepFiringFor": rule.spec.keep_firing_for_ms / 1000,
        "annotations": dict(rule.spec.annotation_texts),
        "alerts": _encode_alerts(rule) if with_alerts else None,
        "type": "alerting",
    }


def _encode_alerts(rule: AlertingRule) -> Iterator[dict[str, Any]]:
    """One by one, while they are written."""
    return map(partial(_encode_alert, rule), rule.active_alerts)


def _encode_alert(rule: AlertingRule, alert: ActiveAlert) -> dict[str, Any]:
    encoded = {
        "labels": {**alert.labels.as_dict(), ALERT_NAME: rule.spec.name},
        "annotations": dict(alert.annotations),
        "state": alert.state.value,
        "activeAt": write_moment(alert.active_at_ms),
        "value": format_exponent(alert.value),
    }
    if alert.keep_firing_since_ms:
        encoded["keepFiringSince"] = write_moment(alert.keep_firing_since_ms)
    return encoded
