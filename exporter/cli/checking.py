"""Checks files, for `redis-vigil check`: all problems of all files, each in one line."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from exporter.check.configuration import alertmanager_warnings
from exporter.check.plan import errors_of, plan_warnings
from exporter.check.rules import report_on, rule_warnings
from exporter.check.unknown_metrics import UnknownMetrics
from exporter.cli.output import say
from exporter.cli.shards import shard_lines, shard_of
from exporter.config.schema import config_schema
from exporter.errors import ConfigError, Problem
from exporter.model.counts import count_of
from exporter.reload import Plan, Source, load_plan
from exporter.routing import load_routing
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile


def print_schema() -> None:
    """Print the JSON schema of config.yml."""
    typer.echo(json.dumps(config_schema(), indent=2))


def check_configs(
    files: Sequence[Path], unknown_metrics: UnknownMetrics, shard_text: str | None = None
) -> None:
    """Check configuration files with what they name; raises `ConfigError`, `UsageError` for a bad shard."""
    shard = shard_of(shard_text)

    def describe(path: Path) -> str:
        plan = load_plan(Source(path, shard=shard))
        if problems := errors_of(plan):
            raise ConfigError(problems)
        report = report_on(plan.rule_files, plan)
        for warning in plan_warnings(plan, report, unknown_metrics):
            _warn(warning)
        if unknown_metrics is UnknownMetrics.ERROR and report.unknown_metrics:
            raise ConfigError(report.unknown_metrics)
        return "\n".join([f"{_count_targets(plan)}, {count_of(report.rules, 'rule')}", *shard_lines(plan)])

    _check_each(files, describe)


def _count_targets(plan: Plan) -> str:
    """Return how many servers are watched, and of how many where some are left out."""
    watched = count_of(len(plan.targets), "target")
    left_out = len(plan.choices) - len(plan.targets)
    return f"{watched} of {len(plan.choices)}" if left_out else watched


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
    for warning in rule_warnings(report, unknown_metrics):
        _warn(warning)
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
        if routing.missing_templates:
            raise ConfigError(routing.missing_templates)
        for warning in alertmanager_warnings(path, routing.config):
            _warn(warning)
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


def _warn(message: object) -> None:
    say(f"warning: {message}", err=True)
