"""`redis-vigil check config|rules|alertmanager FILE…`: all problems of all files, each in one line."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.doubts import alertmanager_doubts, count_of, doubts_of
from exporter.cli.rule_check import UnknownMetrics, report_on
from exporter.config.schema import config_schema
from exporter.config.web import parse_listen_address
from exporter.errors import ConfigError, Problem
from exporter.reload import Plan, Source, load_plan
from exporter.routing import Routing, doubt_links, load_routing
from exporter.rules.check import CheckReport
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile

app = typer.Typer(help="Check files without running anything.", no_args_is_help=True, rich_markup_mode=None)

UnknownMetricsOption = Annotated[
    UnknownMetrics,
    typer.Option(
        help="What rules are that read metrics which nothing here produces: a company's file may hold those "
        "of other exporters too."
    ),
]
Files = Annotated[list[Path], typer.Argument(help="The files to check.", metavar="FILE...")]


@app.command("config")
def check_config(
    files: Annotated[list[Path] | None, typer.Argument(help="The files to check.", metavar="FILE...")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of config.yml, for editors.")
    ] = False,
    unknown_metrics: UnknownMetricsOption = UnknownMetrics.WARN,
) -> None:
    """Check configuration files, with the rule files and the alertmanager.yml that they name.

    What the daemon would run, and yet cannot be meant, is a warning.
    """
    if schema:
        typer.echo(json.dumps(config_schema(), indent=2))
        return
    if not files:
        raise typer.BadParameter("name a file, or ask for the --schema")

    def describe(path: Path) -> str:
        plan = load_plan(Source(path))
        _check_templates(plan.routing)
        for pattern in plan.config.empty_rule_patterns:
            _warn(f'{path}: rule_files: no file matches "{pattern}"')
        host, _ = parse_listen_address(plan.config.web.listen_address)
        if links := doubt_links(plan.routing.config, plan.config.web.external_url, host):
            _warn(f"{path}: {links}")
        report = report_on(plan.rule_files, plan)
        doubts = (doubts_of(path, plan.config), _routing_doubts(plan), _doubts(report, unknown_metrics))
        for doubt in chain.from_iterable(doubts):
            _warn(doubt)
        if unknown_metrics is UnknownMetrics.ERROR and report.unknown_metrics:
            raise ConfigError(report.unknown_metrics)
        return f"{count_of(len(plan.targets), 'target')}, {count_of(report.rules, 'rule')}"

    _check_each(files, describe)


@app.command("rules")
def check_rules(
    files: Files,
    label: Annotated[
        list[str] | None,
        typer.Option(help="A label that targets carry by your configuration; may be given several times."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config.yml whose targets, jobs and labels the rules are for.")
    ] = None,
    unknown_metrics: UnknownMetricsOption = UnknownMetrics.ERROR,
) -> None:
    """Check rule files: form, expressions, templates, and that something produces what they ask for."""
    plan = load_plan(Source(config)) if config else None
    loaded: dict[Path, RuleFile] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            (loaded[path],) = load_rule_files([path])
        except ConfigError as error:
            problems.extend(error.problems)
    report = report_on(loaded.values(), plan, label or ())
    for doubt in _doubts(report, unknown_metrics):
        _warn(doubt)
    errors = report.unknown_metrics if unknown_metrics is UnknownMetrics.ERROR else ()
    bad_files = {problem.file for problem in errors}
    for path, file in loaded.items():
        if file.path not in bad_files:
            typer.echo(f"{path}: good, {count_of(sum(len(group.rules) for group in file.groups), 'rule')}")
    if problems or errors:
        raise ConfigError([*problems, *errors])


@app.command("alertmanager")
def check_alertmanager(files: Files) -> None:
    """Check alertmanager.yml files, with their templates."""

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
            typer.echo(f"{path}: good, {describe(path)}")
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
    typer.echo(f"warning: {message}", err=True)
