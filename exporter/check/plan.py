"""`warnings_of`: says of a plan what is valid in its files, and yet cannot be meant."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.check.alert_relabeling import unnamed_alerts
from exporter.check.configuration import (
    alertmanager_warnings,
    config_warnings,
    secrets_in_queries,
    web_warnings,
)
from exporter.check.rules import known_labels, report_on, rule_warnings
from exporter.check.shards import shard_warnings
from exporter.check.tailored_rules import tailoring_warnings
from exporter.check.unknown_metrics import UnknownMetrics
from exporter.config.web import parse_listen_address
from exporter.errors import Problem
from exporter.reload import Plan
from exporter.routing import links_warning
from exporter.rules.check import CheckReport


def warnings_of(plan: Plan) -> Sequence[str]:
    """Everything that `redis-vigil check config` says of these files, one line each.

    Raises `ConfigError` where a file cannot be read any more. Reads files and looks through all rules: call
    it in a thread where others wait.
    """
    warnings = (*errors_of(plan), *plan_warnings(plan, report_on(plan.rule_files, plan)))
    return [" ".join(str(warning).split("\n")) for warning in warnings]


def errors_of(plan: Plan) -> Sequence[Problem]:
    """Return the errors of `check config` that do not keep the daemon from running.

    Prometheus and Alertmanager run with them, too.
    """
    secrets = secrets_in_queries(plan.file, plan.config) if plan.file else ()
    return (*plan.routing.missing_templates, *secrets)


def plan_warnings(
    plan: Plan, report: CheckReport, unknown_metrics: UnknownMetrics = UnknownMetrics.WARN
) -> Iterator[Problem]:
    """Return the warnings of `check config`; `report` is that about the plan's rules."""
    if plan.file is not None:
        yield from _file_warnings(plan.file, plan)
    yield from rule_warnings(report, unknown_metrics)


def _file_warnings(path: Path, plan: Plan) -> Iterator[Problem]:
    config, routing = plan.config, plan.routing.config
    for pattern in config.empty_rule_patterns:
        yield Problem(("rule_files",), f'no file matches "{pattern}"', file=str(path))
    host, _ = parse_listen_address(config.web.listen_address)
    if links := links_warning(routing, config.web.external_url, host):
        yield Problem((), links, file=str(path))
    yield from config_warnings(path, config)
    yield from unnamed_alerts(plan)
    yield from shard_warnings(plan)
    yield from tailoring_warnings(path, config, known_labels(plan))
    yield from web_warnings(config.web.config_file, plan.access.config)
    alerting = config.alerting
    if alerting.config_file is not None and not alerting.alertmanagers:
        yield from alertmanager_warnings(alerting.config_file, routing)
