"""Reads the slow log of one server, for `redis-vigil slowlog`."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from rich.table import Table

from exporter.cli.access import Access
from exporter.cli.formats import OutputFormat
from exporter.cli.output import add_row, make_console, make_table, say, write_csv, write_json
from exporter.cli.scheme import CONNECT_TIMEOUT_SECONDS, explained
from exporter.cli.selection import select
from exporter.clock import SystemClock
from exporter.config.samplers.slowlog import SlowlogSection
from exporter.connection import Connection
from exporter.log import configure_logging
from exporter.metrics import SeriesTable
from exporter.model.counts import count_of
from exporter.model.target import Target
from exporter.samplers.slowlog import PatternReport, SlowlogReport, SlowlogSampler
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts

_DEADLINE_SECONDS: Final = 30.0
FIELDS: Final = (
    "pattern",
    "count",
    "mean_seconds",
    "max_seconds",
    "total_seconds",
    "last_at",
    "last_client",
    "last_client_name",
)


def show_slowlog(access: Access, output: OutputFormat, pattern: str = "") -> None:
    """Print what is in the log now, of patterns that contain a text. Raises `TargetError`."""
    selection = select(access)
    configure_logging("error")
    target = selection.target
    report = asyncio.run(explained(target, _read(target, selection.samplers.slowlog), "slow commands"))
    report = report.only(pattern)
    if output is OutputFormat.JSON:
        write_json(report.as_json())
    elif output is OutputFormat.CSV:
        write_csv(FIELDS, [[getattr(one, name) for name in FIELDS] for one in report.patterns])
    elif not report.patterns:
        say(f"the slow log of {report.instance} is empty")
    else:
        count = sum(pattern.count for pattern in report.patterns)
        say(f"slow log of {report.instance}: {count_of(count, 'command')}\n")
        make_console().print(show_patterns(report))


async def _read(target: Target, settings: SlowlogSection) -> SlowlogReport:
    """One pass over what is in the log now."""
    connection = Connection(
        target, timeout_seconds=_DEADLINE_SECONDS, connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS
    )
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
    figures = ("COUNT", "MEAN", "LONGEST", "TOTAL")
    table = make_table("PATTERN", *figures, "LAST", "BY", right=figures)
    for pattern in report.patterns:
        add_row(table, *_row(pattern))
    return table


def _row(found: PatternReport) -> tuple[str, ...]:
    last = datetime.fromtimestamp(found.last_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    client = f"{found.last_client_name} {found.last_client}".strip()
    times = (found.mean_seconds, found.max_seconds, found.total_seconds)
    return (found.pattern, str(found.count), *(_seconds(seconds) for seconds in times), last, client)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"
