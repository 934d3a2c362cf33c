"""Scans the keyspace of one server, for `redis-vigil scan`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import typer
import uvloop
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exporter.cli.access import Access
from exporter.cli.formats import OutputFormat
from exporter.cli.output import make_console, say, write_csv
from exporter.cli.scan_output import CSV_COLUMNS, csv_rows, show_table
from exporter.cli.scan_progress import ProgressFile
from exporter.cli.scheme import CONNECT_TIMEOUT_SECONDS, explained
from exporter.cli.selection import select
from exporter.clock import SystemClock
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.config.validation import problems_of
from exporter.connection import Connection
from exporter.errors import StateError, UsageError
from exporter.keyspace import PassReport
from exporter.keyspace.sampler import CLIENT_NAME
from exporter.keyspace.scan import Scan
from exporter.log import configure_logging
from exporter.model.printable import escaped_json
from exporter.model.target import Target
from exporter.sampling.keyspace_stats import KeyspaceStats

# A server that goes away is waited for so long.
_PATIENCE_SECONDS = 30.0
_DEADLINE_SECONDS = 30.0
_REFRESH_SECONDS = 0.2
_INTERRUPTED = 130
# Settings that an option sets under another name.
_OPTIONS = {"patterns": "pattern", "databases": "db"}


def scan_server(access: Access, output: OutputFormat, options: Mapping[str, Any], *, resume: bool) -> None:
    """Scan a server and print the report; the options are settings of `samplers.keyspace`.

    Raises `TargetError`, `UsageError` for settings that are none, and `typer.Exit` where it was interrupted.
    """
    configure_logging("error")
    selection = select(access)
    sample = options.get("sample", None if access.config else "all")
    options = {**options, "sample": _number_or_text(sample)} if sample else options
    section = _section(selection.samplers.keyspace, options)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        scan = _scan(selection.target, section, resume=resume)
        report = runner.run(explained(selection.target, scan, "keys"))
    _write(report, output)
    if not report.complete:
        raise typer.Exit(_INTERRUPTED)


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _section(base: KeyspaceSection, options: Mapping[str, Any]) -> KeyspaceSection:
    """Return the settings: those of the configuration, and the options of the command line over them.

    The server that was named is scanned, also if the configuration names others.
    """
    written = {**base.model_dump(exclude_unset=True), **options, "run_on": "any"}
    try:
        return KeyspaceSection.model_validate(written)
    except ValidationError as error:
        fault = problems_of(error, KeyspaceSection, written)[0]
        option = _OPTIONS.get(str(fault.place[0]), str(fault.place[0]))
        raise UsageError(f"--{option.replace('_', '-')}: {fault.message}") from error


async def _scan(target: Target, section: KeyspaceSection, *, resume: bool) -> PassReport:
    file = ProgressFile(target)
    saved = file.load() if resume else None
    if resume and saved is None:
        say("nothing to resume, beginning anew", err=True)
    connection = Connection(
        target,
        name=CLIENT_NAME,
        no_touch=True,
        timeout_seconds=_DEADLINE_SECONDS,
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
    )
    scan = Scan(
        connection,
        section,
        clock=SystemClock(),
        lookups=KeyspaceStats(),
        patience_seconds=_PATIENCE_SECONDS,
        save=file.save,
    )
    try:
        # What cannot be reached at all is not waited for.
        await connection.execute("PING")
        return await _run(scan, saved, file)
    finally:
        await connection.close()


async def _run(scan: Scan, saved: bytes | None, file: ProgressFile) -> PassReport:
    try:
        async with _progress_bar(scan):
            history = await scan.run(saved)
    except asyncio.CancelledError:
        document = scan.document()
        history = scan.conclude(complete=False)
        try:
            await file.save(document)
            say("interrupted: this is what was seen; --resume goes on", err=True)
        except StateError as error:
            say(f"interrupted: this is what was seen; it cannot be resumed: {error}", err=True)
    else:
        file.remove()
    return history.report


@asynccontextmanager
async def _progress_bar(scan: Scan) -> AsyncIterator[None]:
    """A bar on standard error, where that is a terminal."""
    console = make_console(err=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("keys"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        refreshing = asyncio.create_task(_refresh(bar, scan))
        try:
            yield
        finally:
            refreshing.cancel()


async def _refresh(bar: Progress, scan: Scan) -> None:
    task = bar.add_task("scanning", total=None)
    while True:
        sizes = scan.progress.sizes
        trouble = scan.trouble
        bar.update(
            task,
            total=sum(sizes.values()) or None,
            completed=scan.keys_scanned,
            description=f"waiting: {trouble}" if trouble else "scanning",
        )
        await asyncio.sleep(_REFRESH_SECONDS)


def _write(report: PassReport, output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        typer.echo(escaped_json(report.to_json().decode()))
    elif output is OutputFormat.CSV:
        write_csv(CSV_COLUMNS, csv_rows(report))
    else:
        make_console().print(show_table(report))
