"""`redis-vigil health URL`: one look at one server, with recommendations."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from exporter.clock import SystemClock, to_milliseconds
from exporter.config.main import default_config
from exporter.health import Health, Report, examine
from exporter.log import configure_logging
from exporter.model.alert import Alert
from exporter.promql import Engine
from exporter.reload import Plan, plan_of
from exporter.rules.environment import Environment
from exporter.rules.group import Group
from exporter.rules.model import AlertSpec, GroupSpec
from exporter.samplers.runner import TargetRunner
from exporter.store import Store

# Rates need two samples; between them something must have happened.
_BETWEEN_SAMPLES_SECONDS: Final = 2.0
_COLOURS: Final = {Health.HEALTHY: "green", Health.DEGRADED: "yellow", Health.UNHEALTHY: "red"}
# What goes on in the background for long has no place in one look.
_LEFT_OUT: Final = frozenset({"keyspace"})


class OutputFormat(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"


def health(
    url: Annotated[str, typer.Argument(help="The server: redis://host:port, rediss:// for TLS.")],
    output: Annotated[OutputFormat, typer.Option("--format", help="How to write it.")] = OutputFormat.TABLE,
) -> None:
    """Look at a server for two seconds and say what is wrong, by the shipped rules.

    Rules that wait until something has lasted do not wait here.

    Exit status 1 where it is unhealthy: it does not answer, or something critical is found.
    """
    configure_logging("error")
    report = asyncio.run(_look(plan_of(default_config([url]))))
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        _show(report, Console(emoji=False))
    raise typer.Exit(1 if report.health is Health.UNHEALTHY else 0)


async def _look(plan: Plan) -> Report:
    clock, store = SystemClock(), Store()
    ((target, plans),) = plan.targets.items()
    wanted = [one for one in plans if one.spec.name not in _LEFT_OUT]
    timeout = plan.config.global_.sample_timeout.seconds
    runner = TargetRunner(target, wanted, store=store, clock=clock, timeout_seconds=timeout)
    environment = Environment(engine=Engine(store), store=store, sink=_Nowhere())
    groups = [Group(_at_once(spec), environment) for file in plan.rule_files for spec in file.groups]
    try:
        for pause in (_BETWEEN_SAMPLES_SECONDS, 0.0):
            for one in wanted:
                await runner.run(one.spec.name)
            now = to_milliseconds(clock.now())
            for group in groups:
                await group.evaluate(now)
            await asyncio.sleep(pause if runner.status.up else 0.0)
    finally:
        await runner.close()
    return examine(groups, [runner])


def _at_once(spec: GroupSpec) -> GroupSpec:
    """The same rules, firing without waiting: there is only one look."""
    rules = [replace(rule, for_ms=0) if isinstance(rule, AlertSpec) else rule for rule in spec.rules]
    return replace(spec, rules=tuple(rules), interval_ms=1)


class _Nowhere:
    """Where the alerts of one look go."""

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Nobody is told."""


def _show(report: Report, console: Console) -> None:
    where = ", ".join(dict.fromkeys([*report.up, *report.problems]))
    colour = _COLOURS[report.health]
    console.print(
        f"{escape(where)} is [bold {colour}]{report.health}[/]"
        f" ({report.checks} checks, in a look of {_BETWEEN_SAMPLES_SECONDS:.0f} seconds)"
    )
    for name, trouble in report.problems.items():
        state = "is down" if trouble.reason.is_down else "cannot be sampled"
        state = "does not allow INFO" if name in report.up else state
        console.print(f"{escape(name)} {state}: {trouble.words} ({escape(trouble.message)})")
    for finding in report.findings:
        console.print(
            f"\n[bold {_COLOURS[finding.health]}]{escape(finding.name)}[/]  {escape(finding.summary)}"
        )
        for text in (finding.description, finding.recommendation):
            if text:
                console.print(f"  {escape(text)}")
    for missing in report.not_available.values():
        for words, commands in missing.commands.items():
            console.print(f"\n[bold]Not available[/] ({words}): {escape(', '.join(commands))}")
        if missing.grant:
            console.print(f"  {escape(missing.grant)}", soft_wrap=True)
