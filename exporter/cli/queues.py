"""`redis-vigil queues URL`: the queues of one server, found by themselves."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from exporter.clock import SystemClock
from exporter.config.main import default_config, load_config
from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.log import configure_logging
from exporter.metrics import SeriesTable
from exporter.model.duration import format_duration
from exporter.model.target import Target
from exporter.samplers.base import SamplerContext, TargetFacts
from exporter.samplers.queues import QueueReport, QueuesSampler
from exporter.samplers.queues.suggestions import write_section

_DEADLINE_SECONDS = 30.0
# Columns that add states up: a table has no room for twelve.
_WAITING = ("waiting", "prioritized", "paused")
_LATER = ("delayed", "scheduled", "retry", "deferred", "waiting_children", "aggregating")
# States that no column shows.
_REMARKED = ("reserved", "intermediate", "canceled")
_FAILED = ("failed", "dead")
_UNKNOWN = "-"
_FILE_WIDTH = 200
_LOOK_AGAIN_SECONDS = 2.0


class OutputFormat(StrEnum):
    """How the queues are written."""

    TABLE = "table"
    JSON = "json"


def queues(
    url: Annotated[str, typer.Argument(help="The server, as redis://host:port/database.", metavar="URL")],
    config: Annotated[
        Path | None, typer.Option(help="A configuration file whose samplers.queues counts.")
    ] = None,
    output: Annotated[OutputFormat, typer.Option("--format", help="How to write it.")] = OutputFormat.TABLE,
    watch: Annotated[bool, typer.Option("--watch", help="Read again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option(help="Seconds between two readings with --watch.", min=0.2)
    ] = 2.0,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest",
            help="Print samplers.queues.lists for lists that look like queues, with what was seen.",
        ),
    ] = False,
) -> None:
    """Show the queues of a server: how many jobs wait, for how long, and who works on them."""
    target = default_config((url,)).targets[0].to_target()
    settings = load_config(config).samplers.queues if config else QueuesSection()
    as_json = output is OutputFormat.JSON
    configure_logging("error")
    if suggest:
        asyncio.run(_suggest(target, settings))
    else:
        asyncio.run(_show(target, settings, as_json=as_json, interval=interval if watch else None))


async def _suggest(target: Target, settings: QueuesSection) -> None:
    """Look twice, to see what grows, and print the section."""
    async with _open(target, settings, all_lists=True) as sampler:
        await _find_all(sampler)
        await _read(sampler)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        await sampler.look_again(time.time())
        await _read(sampler)
    if sampler.adviser.text:
        typer.echo(f"# {target.instance}: {sampler.adviser.text.partition(':')[0]}")
    if sampler.adviser.suggestions:
        typer.echo(write_section(sampler.adviser.suggestions), nl=False)
    elif not sampler.adviser.text:
        typer.echo(f"# {target.instance}: no list looks like a queue that is not known")


async def _find_all(sampler: QueuesSampler) -> None:
    refusal = await sampler.find_all(time.time())
    if refusal is not None:
        typer.echo(f"not all keys could be looked through: {refusal}", err=True)


async def _show(target: Target, settings: QueuesSection, *, as_json: bool, interval: float | None) -> None:
    async with _open(target, settings) as sampler:
        await _find_all(sampler)
        if interval is None:
            await _print(sampler, target, as_json=as_json)
        elif as_json:
            while True:
                await _print(sampler, target, as_json=True)
                await asyncio.sleep(interval)
        else:
            await _watch(sampler, target, interval)


@asynccontextmanager
async def _open(
    target: Target, settings: QueuesSection, *, all_lists: bool = False
) -> AsyncIterator[QueuesSampler]:
    def connect(name: str) -> Connection:
        return Connection(target, name=name, no_touch=True, timeout_seconds=_DEADLINE_SECONDS)

    table = SeriesTable("queues", target.series_labels)
    context = SamplerContext(
        target=target,
        settings=settings,
        table=table,
        facts=TargetFacts(),
        clock=SystemClock(),
        connect=connect,
    )
    sampler = QueuesSampler(context, all_lists=all_lists)
    try:
        yield sampler
    finally:
        await sampler.close()


async def _read(sampler: QueuesSampler) -> Sequence[QueueReport]:
    await sampler.read(time.time())
    return sampler.report()


async def _print(sampler: QueuesSampler, target: Target, *, as_json: bool) -> None:
    reports = await _read(sampler)
    if as_json:
        typer.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False))
    else:
        _console().print(show_queues(reports, target.instance))
    if sampler.adviser.text:
        typer.echo(sampler.adviser.text, err=as_json)


async def _watch(sampler: QueuesSampler, target: Target, interval: float) -> None:
    console = _console()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            reports = fit_queues(await _read(sampler), console.height)
            live.update(show_queues(reports, target.instance), refresh=True)
            await asyncio.sleep(interval)


def _console() -> Console:
    """What names of keys hold is no markup; where nobody looks, lines are as long as they are."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console


def show_queues(reports: Sequence[QueueReport], instance: str) -> RenderableType:
    """The queues as a table, and consumer groups as another."""
    if not reports:
        return f"no queues found on {instance}"
    groups = [report for report in reports if report.groups]
    return Group(_queue_table(reports), _group_table(groups)) if groups else _queue_table(reports)


def fit_queues(reports: Sequence[QueueReport], height: int) -> Sequence[QueueReport]:
    """Those that a screen of so many lines has room for: what needs a look comes before what is quiet."""
    room = max(1, height - 2 - sum(len(report.groups) + 1 for report in reports if report.groups))
    if len(reports) <= room:
        return reports
    ranked = sorted(reports, key=lambda report: (not _troubles(report), -_backlog(report)))[:room]
    return [report for report in reports if report in ranked]


def _backlog(report: QueueReport) -> int:
    return sum(report.jobs.get(state, 0) for state in _WAITING)


def _queue_table(reports: Sequence[QueueReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("FRAMEWORK")
    table.add_column("QUEUE", overflow="fold")
    for title in ("WAITING", "OLDEST", "ACTIVE", "LATER", "DONE", "FAILED", "WORKERS"):
        table.add_column(title, justify="right")
    table.add_column("REMARKS", overflow="fold")
    for report in reports:
        name = _visible(report.queue)
        table.add_row(
            report.framework,
            f"{name} (db{report.database})" if report.database else name,
            _sum(report, _WAITING),
            _age(report),
            _sum(report, ("active",)),
            _sum(report, _LATER),
            _sum(report, ("completed",)),
            _sum(report, _FAILED),
            _UNKNOWN if report.workers is None else str(report.workers),
            ", ".join(_remarks(report)),
        )
    return table


def _group_table(reports: Sequence[QueueReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("STREAM", "GROUP"):
        table.add_column(title, overflow="fold")
    for title in ("LAG", "PENDING", "OLDEST PENDING", "STUCK", "CONSUMERS"):
        table.add_column(title, justify="right")
    for report in reports:
        for group in report.groups:
            lag = _UNKNOWN if group.lag is None else str(group.lag)
            table.add_row(
                _visible(report.queue),
                _visible(group.name),
                f">={lag}" if group.lag_is_capped else lag,
                str(group.pending),
                _duration(group.oldest_pending_age_seconds),
                _UNKNOWN if group.stuck is None else str(group.stuck),
                str(group.consumers),
            )
    return table


def _visible(name: str) -> str:
    """A name without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in name)


def _sum(report: QueueReport, states: Sequence[str]) -> str:
    known = [report.jobs[state] for state in states if state in report.jobs]
    return str(sum(known)) if known else _UNKNOWN


def _age(report: QueueReport) -> str:
    """How long the oldest job has been waiting; what is only known since we look has a sign before it."""
    text = _duration(report.oldest_job_age_seconds)
    is_bound = report.age_method == "first_seen" and _sum(report, _WAITING) not in ("0", _UNKNOWN)
    return f">={text}" if is_bound else text


def _duration(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else format_duration(round(seconds) * 1000)


def _remarks(report: QueueReport) -> list[str]:
    remarks = _troubles(report)
    counts = {**{state: report.jobs.get(state) for state in _REMARKED}, "schedulers": report.schedulers}
    remarks += [f"{count} {what}" for what, count in counts.items() if count]
    if report.members is not None:
        remarks.append(f"{report.members} streams")
    if report.worst_members:
        worst = report.worst_members[0]
        remarks.append(f"{worst.entries} entries left in {_visible(worst.name)}")
    return remarks


def _troubles(report: QueueReport) -> list[str]:
    troubles = ["paused"] if report.paused else []
    if report.rate_limited_seconds:
        troubles.append(f"rate limited for {_duration(report.rate_limited_seconds)}")
    counts = {
        "orphaned": report.orphaned,
        "stuck": report.stuck,
        "overdue": report.overdue,
        "silent": report.silent_workers,
    }
    return troubles + [f"{count} {what}" for what, count in counts.items() if count]
