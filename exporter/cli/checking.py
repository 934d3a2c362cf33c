"""Checks files, for `redis-vigil check`: all problems of all files, each in one line."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import typer

from exporter.cli.check import UnknownMetrics
from exporter.cli.doubts import alertmanager_doubts, count_of, doubts_of, secrets_in_queries, web_doubts
from exporter.cli.output import say
from exporter.cli.rule_check import report_on
from exporter.config.schema import config_schema
from exporter.config.web import parse_listen_address
from exporter.errors import ConfigError, Problem
from exporter.reload import Plan, Source, load_plan
from exporter.routing import Routing, doubt_links, load_routing
from exporter.rules.check import CheckReport
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile


def print_schema() -> None:
    """Print the JSON schema of config.yml."""
    typer.echo(json.dumps(config_schema(), indent=2))


def check_configs(files: Sequence[Path], unknown_metrics: UnknownMetrics) -> None:
    """Check configuration files with what they name; raises `ConfigError`."""

    def describe(path: Path) -> str:
        plan = load_plan(Source(path))
        _check_templates(plan.routing)
        if problems := secrets_in_queries(path, plan.config):
            raise ConfigError(problems)
        for pattern in plan.config.empty_rule_patterns:
            _warn(f'{path}: rule_files: no file matches "{pattern}"')
        host, _ = parse_listen_address(plan.config.web.listen_address)
        if links := doubt_links(plan.routing.config, plan.config.web.external_url, host):
            _warn(f"{path}: {links}")
        report = report_on(plan.rule_files, plan)
        doubts = (
            doubts_of(path, plan.config),
            web_doubts(plan.config.web.config_file, plan.access.config),
            _routing_doubts(plan),
            _doubts(report, unknown_metrics),
        )
        for doubt in chain.from_iterable(doubts):
            _warn(doubt)
        if unknown_metrics is UnknownMetrics.ERROR and report.unknown_metrics:
            raise ConfigError(report.unknown_metrics)
        return f"{count_of(len(plan.targets), 'target')}, {count_of(report.rules, 'rule')}"

    _check_each(files, describe)


def check_rule_files(
    files: Sequence[Path], labels: Sequence[str], config: Path | None, unknown_metrics: UnknownMetrics
) -> None:
    """Check rule files that belong together, on the targets of a configuration; raises `ConfigError`."""
    plan = load_plan(Source(config)) if config else None
    loaded: dict[Path, RuleFile] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            (loaded[path],) = load_rule_files([path])
        except ConfigError as error:
            problems.extend(error.problems)
    report = report_on(loaded.values(), plan, labels)
    for doubt in _doubts(report, unknown_metrics):
        _warn(doubt)
    errors = report.unknown_metrics if unknown_metrics is UnknownMetrics.ERROR else ()
    bad_files = {problem.file for problem in errors}
    for path, file in loaded.items():
        if file.path not in bad_files:
            say(f"{path}: good, {count_of(sum(len(group.rules) for group in file.groups), 'rule')}")
    if problems or errors:
        raise ConfigError([*problems, *errors])


def check_alertmanager_files(files: Sequence[Path]) -> None:
    """Check alertmanager.yml files with their templates; raises `ConfigError`."""

    def describe(path: Path) -> str:
        routing = load_routing(path, time.time)
        _check_templates(routing)
        for doubt in alertmanager_doubts(path, routing.config):
            _warn(doubt)
        return count_of(len(routing.config.receivers), "receiver")

    _check_each(files, describe)


def _check_each(files: Sequence[Path], describe: Callable[[Path], str]) -> None:
    """Say what each good file holds; raises `ConfigError` with the problems of all bad ones."""
    problems: list[Problem] = []
    for path in files:
        try:
            say(f"{path}: good, {describe(path)}")
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)


def _check_templates(routing: Routing) -> None:
    """The daemon starts with such a file, as Alertmanager does; the messages are what suffers."""
    if routing.missing_templates:
        raise ConfigError(routing.missing_templates)


def _routing_doubts(plan: Plan) -> Iterator[Problem]:
    alerting = plan.config.alerting
    if alerting.config_file is not None and not alerting.alertmanagers:
        yield from alertmanager_doubts(alerting.config_file, plan.routing.config)


def _doubts(report: CheckReport, unknown_metrics: UnknownMetrics) -> Iterator[Problem]:
    """What is no error, and yet cannot be meant."""
    if unknown_metrics is UnknownMetrics.WARN:
        yield from report.unknown_metrics
    ignored = report.unknown_metrics if unknown_metrics is UnknownMetrics.IGNORE else ()
    rules_of_others = {_rule_of(problem) for problem in ignored}
    for problem in (*report.unknown_labels, *report.impossible_values):
        if _rule_of(problem) not in rules_of_others:
            yield problem
    yield from report.duplicates


def _rule_of(problem: Problem) -> tuple[object, ...]:
    """What problems of the same rule have in common."""
    return (problem.file, problem.line, problem.column, problem.place)


def _warn(message: object) -> None:
    say(f"warning: {message}", err=True)
