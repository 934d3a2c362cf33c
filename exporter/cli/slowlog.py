"""`redis-vigil slowlog URL`: the slow commands of one server, by pattern."""

import asyncio
import json
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from exporter.clock import SystemClock
from exporter.config.main import default_config, load_config
from exporter.config.samplers.slowlog import SlowlogSection
from exporter.connection import Connection
from exporter.log import configure_logging
from exporter.metrics import SeriesTable
from exporter.model.target import Target
from exporter.samplers.base import SamplerContext, TargetFacts
from exporter.samplers.slowlog import PatternReport, SlowlogReport, SlowlogSampler

_DEADLINE_SECONDS = 30.0
_FILE_WIDTH = 200


class OutputFormat(StrEnum):
    """How the slow commands are written."""

    TABLE = "table"
    JSON = "json"


def slowlog(
    url: Annotated[str, typer.Argument(help="The server, as redis://host:port.", metavar="URL")],
    config: Annotated[
        Path | None, typer.Option(help="A configuration file whose samplers.slowlog counts.")
    ] = None,
    output: Annotated[OutputFormat, typer.Option("--format", help="How to write it.")] = OutputFormat.TABLE,
) -> None:
    """Show what is in a server's slow log, by pattern: how often, how long, and who was last."""
    target = default_config((url,)).targets[0].to_target()
    settings = load_config(config).samplers.slowlog if config else SlowlogSection()
    configure_logging("error")
    report = asyncio.run(_read(target, settings))
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _console().print(show_patterns(report))


async def _read(target: Target, settings: SlowlogSection) -> SlowlogReport:
    """One pass over what is in the log now."""
    connection = Connection(target, timeout_seconds=_DEADLINE_SECONDS)
    context = SamplerContext(
        target=target,
        settings=settings,
        table=SeriesTable("slowlog", target.series_labels),
        facts=TargetFacts(),
        clock=SystemClock(),
        connect=lambda name: Connection(target, name=name),
    )
    sampler = SlowlogSampler(context)
    try:
        await sampler.sample(connection, time.time())
    finally:
        await connection.close()
    return sampler.report()


def show_patterns(report: SlowlogReport) -> Table:
    """The patterns as a table."""
    count = sum(pattern.count for pattern in report.patterns)
    table = Table(title=f"Slow log of {report.instance}: {count} commands", title_justify="left")
    table.add_column("pattern", overflow="fold")
    for name in ("count", "mean", "longest", "total"):
        table.add_column(name, justify="right")
    table.add_column("last")
    table.add_column("by", overflow="fold")
    for pattern in report.patterns:
        table.add_row(*_row(pattern))
    return table


def _row(found: PatternReport) -> tuple[str, ...]:
    last = datetime.fromtimestamp(found.last_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    client = f"{found.last_client_name} {found.last_client}".strip()
    times = (found.mean_seconds, found.max_seconds, found.total_seconds)
    return (found.pattern, str(found.count), *(_seconds(seconds) for seconds in times), last, client)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def _console() -> Console:
    """What names of keys hold is no markup; where nobody looks, lines are as long as they are."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console
