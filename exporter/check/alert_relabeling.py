"""Looks for steps of `alert_relabel_configs` that take the name from alerts."""

from collections.abc import Iterator

from exporter.config.document import Document
from exporter.discovery.relabeling import Relabeling
from exporter.errors import Problem
from exporter.model.counts import count_of
from exporter.reload import Plan
from exporter.rules.alerting import ALERT_NAME
from exporter.rules.model import AlertSpec

# What most alerts are about: a step may go by it.
_EXAMPLE = {"job": "redis", "instance": "localhost:6379"}


def unnamed_alerts(plan: Plan) -> Iterator[Problem]:
    """Yield a warning for each step after which alerts of the plan's rules have no `alertname` any more."""
    if plan.file is None or not plan.config.alerting.alert_relabel_configs:
        return
    document = Document.load(plan.file)
    named = _alerts_of(plan)
    for index, section in enumerate(plan.config.alerting.alert_relabel_configs):
        after = [(name, Relabeling((section,)).apply(labels)) for name, labels in named]
        lost = sorted({name for name, labels in after if labels is not None and not labels.get(ALERT_NAME)})
        if lost:
            more = f" and {count_of(len(lost) - 1, 'other')}" if len(lost) > 1 else ""
            yield document.problem(
                ("alerting", "alert_relabel_configs", index),
                f"takes the label {ALERT_NAME} from {lost[0]}{more}: routes, silences and "
                "messages know an alert by it, so keep it",
            )
        named = [(name, labels) for name, labels in after if labels and labels.get(ALERT_NAME)]


def _alerts_of(plan: Plan) -> list[tuple[str, dict[str, str]]]:
    """Return the names of all alerts with labels such as they will have."""
    external = dict(plan.config.global_.external_labels)
    return [
        (rule.name, {**external, **_EXAMPLE, **dict(rule.label_texts), ALERT_NAME: rule.name})
        for file in plan.rule_files
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
    ]
