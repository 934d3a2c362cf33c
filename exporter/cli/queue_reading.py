"""Finds and reads the queues of one server, for `redis-vigil queues`."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from rich.live import Live

from exporter.cli.access import Access
from exporter.cli.formats import OutputFormat
from exporter.cli.output import make_console, say, write_csv, write_json
from exporter.cli.queue_tables import CSV_COLUMNS, csv_rows, fit_queues, show_queues
from exporter.cli.scheme import CONNECT_TIMEOUT_SECONDS, explained
from exporter.cli.selection import select
from exporter.clock import SystemClock
from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.errors import LOGIN_REASONS, VigilError
from exporter.log import configure_logging
from exporter.metrics import SeriesTable
from exporter.model.target import Target
from exporter.queues import QueueReport, QueuesSampler
from exporter.queues.suggestions import write_section
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts

_DEADLINE_SECONDS: Final = 30.0
_LOOK_AGAIN_SECONDS: Final = 2.0


def show_queues_of(access: Access, output: OutputFormat, *, interval: float | None) -> None:
    """Print the queues of a server, every `interval` seconds where it is given.

    Raises `TargetError` where it cannot be asked, `VigilError` where it lets nothing be looked at.
    """
    selection = select(access)
    configure_logging("error")
    target = selection.target
    asyncio.run(explained(target, _show(target, selection.samplers.queues, output, interval), "queues"))


def suggest_lists(access: Access) -> None:
    """Print the section of the configuration for lists that look like queues."""
    selection = select(access)
    configure_logging("error")
    target = selection.target
    asyncio.run(explained(target, _suggest(target, selection.samplers.queues), "lists"))


async def _suggest(target: Target, settings: QueuesSection) -> None:
    """Look twice, to see what grows, and print the section."""
    async with _open(target, settings, all_lists=True) as sampler:
        inaccessible = await _find_all(sampler)
        reports = await _read(sampler)
        if not sampler.adviser.suggestions:
            _report_inaccessible(inaccessible, reports, target)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        await sampler.look_again(time.time())
        await _read(sampler)
    if sampler.adviser.text:
        say(f"# {target.instance}: {sampler.adviser.text.partition(':')[0]}")
    if sampler.adviser.suggestions:
        say(write_section(sampler.adviser.suggestions).rstrip("\n"))
    elif not sampler.adviser.text:
        say(f"# {target.instance}: no list looks like a queue that is not known")


async def _find_all(sampler: QueuesSampler) -> str:
    """Walk through the keyspace; what of it could not be looked at, as a sentence."""
    refusal = await sampler.find_all(time.time())
    if refusal is not None and refusal.reason in LOGIN_REASONS:
        raise refusal
    return sampler.inaccessible if refusal is None else f"not all keys could be looked through: {refusal}"


def _report_inaccessible(inaccessible: str, reports: Sequence[QueueReport], target: Target) -> None:
    """Raises `VigilError` where nothing was found, since that is no news of a place nobody could look at."""
    if inaccessible and not reports:
        raise VigilError(f"{target.address}: what queues there are cannot be told: {inaccessible}")
    if inaccessible:
        say(f"redis-vigil: {inaccessible}", err=True)


async def _show(
    target: Target, settings: QueuesSection, output: OutputFormat, interval: float | None
) -> None:
    async with _open(target, settings) as sampler:
        inaccessible = await _find_all(sampler)
        reports = await _read(sampler)
        _report_inaccessible(inaccessible, reports, target)
        where = _where(target, settings)
        if interval is None:
            _print(sampler, reports, where, output)
        elif output is OutputFormat.TABLE:
            await _watch(sampler, where, interval)
        else:
            while True:
                _print(sampler, await _read(sampler), where, output)
                await asyncio.sleep(interval)


@asynccontextmanager
async def _open(
    target: Target, settings: QueuesSection, *, all_lists: bool = False
) -> AsyncIterator[QueuesSampler]:
    def connect(name: str) -> Connection:
        return Connection(
            target,
            name=name,
            no_touch=True,
            timeout_seconds=_DEADLINE_SECONDS,
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
        )

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


def _where(target: Target, settings: QueuesSection) -> str:
    if settings.databases == "auto":
        return target.instance
    numbers = ", ".join(map(str, settings.databases))
    return f"{target.instance}, database{'' if len(settings.databases) == 1 else 's'} {numbers}"


def _print(sampler: QueuesSampler, reports: Sequence[QueueReport], where: str, output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        write_json([report.as_json() for report in reports])
    elif output is OutputFormat.CSV:
        write_csv(CSV_COLUMNS, csv_rows(reports))
    else:
        make_console().print(show_queues(reports, where))
    if sampler.adviser.text:
        say(sampler.adviser.text, err=output is not OutputFormat.TABLE)


async def _watch(sampler: QueuesSampler, where: str, interval: float) -> None:
    console = make_console()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            reports = fit_queues(await _read(sampler), console.height)
            live.update(show_queues(reports, where), refresh=True)
            await asyncio.sleep(interval)
