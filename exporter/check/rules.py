"""`report_on`: checks rules against the series that samplers can write, on these targets."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from exporter.check.tailored_rules import KnownLabels
from exporter.check.unknown_metrics import UnknownMetrics
from exporter.config.discovery import MASTER_LABEL
from exporter.config.main import Config
from exporter.errors import Problem
from exporter.model.target import JOB_LABEL
from exporter.reload import Plan
from exporter.rules.check import CheckReport, catalogue_of, check_rule_files, labels_by_metric
from exporter.rules.label_values import LabelValues
from exporter.rules.model import AlertSpec, RuleFile
from exporter.samplers.label_values import closed_label_values
from exporter.samplers.registry import declared_families

# What the daemon tells of itself has no declared families.
_OWN_METRICS: Final = ("redis_vigil_", "alertmanager_", "prometheus_remote_storage_", "process_", "python_")


def report_on(
    files: Iterable[RuleFile], plan: Plan | None = None, target_labels: Collection[str] = ()
) -> CheckReport:
    """Return the problems of rule files that load, as far as they are known with or without a plan."""
    files = list(files)
    catalogue = catalogue_of(declared_families())
    own = closed_label_values(catalogue)
    if plan is None:
        labels, values = target_labels, LabelValues(own)
    else:
        labels = {*target_labels, *_labels_of_targets(plan)}
        values = LabelValues(own, _target_values(plan), _alert_names([*plan.rule_files, *files]))
    return check_rule_files(files, catalogue, target_labels=labels, own_prefixes=_OWN_METRICS, values=values)


def report_on_others(
    files: Iterable[RuleFile], target_labels: Collection[str], jobs: Collection[str]
) -> Sequence[Problem]:
    """Return why rules of files that load can find nothing here: they are about others' metrics or jobs."""
    catalogue = catalogue_of(declared_families())
    report = check_rule_files(
        files,
        catalogue,
        target_labels=target_labels,
        own_prefixes=_OWN_METRICS,
        values=LabelValues({name: {} for name in catalogue}, {JOB_LABEL: jobs}),
    )
    return (*report.unknown_metrics, *report.impossible_values)


def known_labels(plan: Plan) -> KnownLabels:
    """The labels of metrics, with those that the targets of a plan have."""
    names = labels_by_metric(
        plan.rule_files, catalogue_of(declared_families()), set(_labels_of_targets(plan))
    )
    return KnownLabels(names, _target_values(plan))


def rule_warnings(report: CheckReport, unknown_metrics: UnknownMetrics) -> Iterator[Problem]:
    """Return the warnings about rules."""
    if unknown_metrics is UnknownMetrics.WARN:
        yield from report.unknown_metrics
    ignored = report.unknown_metrics if unknown_metrics is UnknownMetrics.IGNORE else ()
    rules_of_others = {_rule_of(problem) for problem in ignored}
    for problem in (*report.unknown_labels, *report.impossible_values):
        if _rule_of(problem) not in rules_of_others:
            yield problem
    yield from report.duplicates


def _rule_of(problem: Problem) -> tuple[object, ...]:
    """The key of problems of the same rule."""
    return (problem.file, problem.line, problem.column, problem.place)


def _labels_of_targets(plan: Plan) -> Iterator[str]:
    """The names of the labels that targets have, and those that sources give to the servers they find."""
    for target in plan.targets:
        yield from (name for name, _ in target.series_labels)
    sources = plan.config.discovery
    for section in (*sources.cluster, *sources.sentinel, *sources.file, *sources.http):
        yield from section.labels
        yield from (step.target_label for step in section.relabel_configs if step.target_label)
    if sources.sentinel:
        yield MASTER_LABEL


def _alert_names(files: Iterable[RuleFile]) -> Collection[str]:
    return {
        rule.name
        for file in files
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
    }


def _target_values(plan: Plan) -> Mapping[str, Collection[str]]:
    """Return the values of the labels that targets have.

    All of them, or those that no source of servers can add to.
    """
    values: dict[str, set[str]] = {}
    for target in plan.targets:
        for name, value in target.series_labels:
            values.setdefault(name, set()).add(value)
    jobs = _jobs_to_be_found(plan.config)
    if jobs is None:
        return {}
    if not jobs:
        return values if plan.targets else {}
    return {JOB_LABEL: {*values.get(JOB_LABEL, ()), *jobs}}


def _jobs_to_be_found(config: Config) -> Sequence[str] | None:
    """The jobs of the servers that sources will find; None where a source may tell the job itself."""
    sources = config.discovery
    sections = (*sources.cluster, *sources.sentinel)
    if sources.file or sources.http or any(section.relabel_configs for section in sections):
        return None
    return [section.job or section.labels.get(JOB_LABEL) or config.global_.job for section in sections]
