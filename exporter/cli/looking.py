"""Looks once at one server by the shipped rules, for `redis-vigil health`."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import typer
from rich.console import Console
from rich.text import Text

from exporter.cli.access import Access
from exporter.cli.coverage import Coverage, coverage_of
from exporter.cli.formats import OutputFormat
from exporter.cli.option_words import in_options
from exporter.cli.output import make_console, write_csv, write_json
from exporter.cli.scheme import way_out
from exporter.cli.selection import select
from exporter.clock import SystemClock, to_milliseconds
from exporter.config.discovery import DiscoverySection
from exporter.config.settings import AlertingSection
from exporter.config.web import WebSection
from exporter.health import Health, Report, examine
from exporter.log import configure_logging
from exporter.model.alert import Alert
from exporter.model.printable import printable
from exporter.promql import Engine
from exporter.reload import Plan, plan_of
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.model import AlertSpec, GroupSpec
from exporter.samplers.runner import TargetRunner
from exporter.store import Store

# Rates need two samples; between them something must have happened.
_BETWEEN_SAMPLES_SECONDS: Final = 2.0
_COLOURS: Final = {Health.HEALTHY: "green", Health.DEGRADED: "yellow", Health.UNHEALTHY: "red"}
# What goes on in the background for long has no place in one look.
_LEFT_OUT: Final = frozenset({"keyspace"})
_CSV_COLUMNS: Final = ("check", "outcome", "severity", "instance", "summary", "recommendation", "reason")


@dataclass(frozen=True, slots=True)
class Look:
    """The findings of a look, and the rules that could be checked."""

    report: Report
    coverage: Coverage


def look_at(access: Access, output: OutputFormat) -> None:
    """Look at a server and print the report; raises `typer.Exit` with the status."""
    selection = select(access)
    configure_logging("error")
    # The rules are the shipped ones, and nobody is told: of the configuration only the server counts.
    config = selection.config.model_copy(update=_ONLY_THE_SERVER)
    look = asyncio.run(take_look(plan_of(config)))
    if not access.config:
        look = _in_options(look)
    if output is OutputFormat.JSON:
        write_json(_document(look))
    elif output is OutputFormat.CSV:
        write_csv(_CSV_COLUMNS, _csv_rows(look))
    else:
        _show(look, make_console())
    raise typer.Exit(1 if look.report.health is Health.UNHEALTHY else 0)


async def take_look(plan: Plan) -> Look:
    """Sample the one server of a plan twice, and evaluate the rules."""
    clock, store = SystemClock(), Store()
    ((target, plans),) = plan.targets.items()
    wanted = [one for one in plans if one.spec.name not in _LEFT_OUT]
    timeout = plan.config.global_.sample_timeout.seconds
    runner = TargetRunner(target, wanted, store=store, clock=clock, timeout_seconds=timeout)
    environment = Environment(engine=Engine(store), store=store, sink=_Nowhere())
    groups = [RuleGroup(_at_once(spec), environment) for file in plan.rule_files for spec in file.groups]
    try:
        for pause in (_BETWEEN_SAMPLES_SECONDS, 0.0):
            for one in wanted:
                await runner.run(one.spec.name)
            now_ms = to_milliseconds(clock.now())
            for group in groups:
                await group.evaluate(now_ms)
            await asyncio.sleep(pause if runner.status.up else 0.0)
    finally:
        await runner.close()
    coverage = coverage_of(groups, runner, store.metric_names(), _BETWEEN_SAMPLES_SECONDS)
    report = examine(groups, [runner])
    problems = {
        name: replace(trouble, message=trouble.message + await way_out(target, trouble.reason))
        for name, trouble in report.problems.items()
    }
    return Look(replace(report, checks=len(coverage.checked), problems=problems), coverage)


def _in_options(look: Look) -> Look:
    """The same, with options where a message about the way in names keys of a configuration."""
    problems = {
        name: replace(trouble, message=in_options(trouble.message))
        for name, trouble in look.report.problems.items()
    }
    return replace(look, report=replace(look.report, problems=problems))


def _at_once(spec: GroupSpec) -> GroupSpec:
    """The same rules, firing without waiting: there is only one look."""
    rules = [replace(rule, for_ms=0) if isinstance(rule, AlertSpec) else rule for rule in spec.rules]
    return replace(spec, rules=tuple(rules), interval_ms=1)


_ONLY_THE_SERVER: Final[dict[str, Any]] = {
    "rule_files": None,
    "alerting": AlertingSection(),
    "web": WebSection(),
    "discovery": DiscoverySection(),
}


class _Nowhere:
    """A sink that keeps the alerts of one look."""

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Nobody is told."""


def _document(look: Look) -> dict[str, Any]:
    coverage = look.coverage
    not_checked = {obstacle.name.lower(): names for obstacle, names in coverage.not_checked.items()}
    return {**asdict(look.report), "checked": coverage.checked, "not_checked": not_checked}


def _csv_rows(look: Look) -> Iterator[Sequence[object]]:
    """One line per check: what was found first, then what was not checked, and what is good."""
    found = set()
    for finding in look.report.findings:
        found.add(finding.name)
        texts = (finding.severity, finding.instance, finding.summary, finding.recommendation)
        yield (finding.name, "found", *texts, "")
    for obstacle, names in look.coverage.not_checked.items():
        for name in names:
            yield (name, "not checked", "", "", "", "", obstacle)
    for name in look.coverage.checked:
        if name not in found:
            yield (name, "good", "", "", "", "", "")


def _show(look: Look, console: Console) -> None:
    report, coverage = look.report, look.coverage
    where = ", ".join(dict.fromkeys([*report.up, *report.problems]))
    extent = (
        f"{report.checks} of {coverage.rules} checks, in a look of {_BETWEEN_SAMPLES_SECONDS:.0f} seconds"
    )
    word = Text(report.health, f"bold {_COLOURS[report.health]}")
    _print(console, f"{where} is ", word, f" ({extent})")
    for name, trouble in report.problems.items():
        state = "is down" if trouble.reason.is_down else "cannot be sampled"
        state = "does not allow INFO" if name in report.up else state
        _print(console, f"{name} {state}: {trouble.words} ({trouble.message})")
    for finding in report.findings:
        console.print()
        title = Text(printable(finding.name), f"bold {_COLOURS[finding.health]}")
        _print(console, title, f"  {finding.summary}")
        for text in (finding.description, finding.recommendation):
            if text:
                _print(console, f"  {text}")
    for missing in report.not_available.values():
        for words, commands in missing.commands.items():
            console.print()
            _print(console, Text("Not available", "bold"), f" ({words}): {', '.join(commands)}")
        if missing.grant:
            _print(console, f"  {missing.grant}")
    if coverage.not_checked:
        console.print()
        _print(console, Text("Not checked", "bold"))
        for obstacle, names in coverage.not_checked.items():
            _print(console, f"  {len(names)} {obstacle}")


def _print(console: Console, *parts: str | Text) -> None:
    """One line, however long: what is broken cannot be copied."""
    texts = (part if isinstance(part, Text) else printable(part) for part in parts)
    console.print(Text.assemble(*texts), soft_wrap=True)
