"""`redis-vigil check config|rules|alertmanager FILE…`: all problems of all files, each in one line."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.doubts import doubts_of
from exporter.config.schema import config_schema
from exporter.errors import ConfigError, Problem
from exporter.reload import Plan, Source, load_plan
from exporter.routing import load_routing
from exporter.rules.check import CheckReport, catalogue_of, check_rule_files
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile
from exporter.samplers.registry import declared_families

app = typer.Typer(help="Check files without running anything.", no_args_is_help=True, rich_markup_mode=None)

# What the daemon tells of itself has no declared families.
_OWN_METRICS = ("redis_vigil_", "alertmanager_", "process_", "python_")

Files = Annotated[list[Path], typer.Argument(help="The files to check.", metavar="FILE...")]


@app.command("config")
def check_config(
    files: Annotated[list[Path] | None, typer.Argument(help="The files to check.", metavar="FILE...")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of config.yml, for editors.")
    ] = False,
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
        for pattern in plan.config.empty_rule_patterns:
            _warn(f'{path}: rule_files: no file matches "{pattern}"')
        report = _report(plan.rule_files, _target_labels(plan))
        for doubt in (
            *doubts_of(path, plan.config),
            *report.unknown_metrics,
            *report.unknown_labels,
            *report.duplicates,
        ):
            _warn(doubt)
        return f"{_count(len(plan.targets), 'target')}, {_count(report.rules, 'rule')}"

    _check_each(files, describe)


@app.command("rules")
def check_rules(
    files: Files,
    label: Annotated[
        list[str] | None,
        typer.Option(help="A label that targets carry by your configuration; may be given several times."),
    ] = None,
) -> None:
    """Check rule files: form, expressions, templates, and that something produces what they ask for."""
    loaded: dict[Path, RuleFile] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            (loaded[path],) = load_rule_files([path])
        except ConfigError as error:
            problems.extend(error.problems)
    report = _report(loaded.values(), label or ())
    for doubt in (*report.unknown_labels, *report.duplicates):
        _warn(doubt)
    bad_files = {problem.file for problem in report.unknown_metrics}
    for path, file in loaded.items():
        if file.path not in bad_files:
            typer.echo(f"{path}: good, {_count(sum(len(group.rules) for group in file.groups), 'rule')}")
    if problems or report.unknown_metrics:
        raise ConfigError([*problems, *report.unknown_metrics])


@app.command("alertmanager")
def check_alertmanager(files: Files) -> None:
    """Check alertmanager.yml files, with their templates."""

    def describe(path: Path) -> str:
        routing = load_routing(path, time.time)
        return _count(len(routing.config.receivers), "receiver")

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


def _report(files: Iterable[RuleFile], target_labels: Collection[str]) -> CheckReport:
    """What is wrong with rule files that load, given the labels that targets have."""
    return check_rule_files(
        files,
        catalogue_of(declared_families()),
        target_labels=target_labels,
        own_prefixes=_OWN_METRICS,
    )


def _target_labels(plan: Plan) -> Collection[str]:
    return {name for target in plan.targets for name, _ in target.series_labels}


def _warn(message: object) -> None:
    typer.echo(f"warning: {message}", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
