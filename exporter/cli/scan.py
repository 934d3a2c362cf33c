"""`redis-vigil scan URL`: which kinds of keys a server holds, and what they take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exporter.cli.scan_output import show_table, write_csv
from exporter.cli.scan_progress import ProgressFile
from exporter.clock import SystemClock
from exporter.config.main import default_config, load_config
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.config.validation import faults_of
from exporter.connection import Connection
from exporter.errors import StateError, UsageError
from exporter.log import configure_logging
from exporter.model.target import Target
from exporter.samplers.keyspace import PassReport
from exporter.samplers.keyspace.sampler import CLIENT_NAME
from exporter.samplers.keyspace.scan import Scan
from exporter.samplers.lookups import Lookups

# A server that goes away is waited for so long.
_PATIENCE_SECONDS = 30.0
_DEADLINE_SECONDS = 30.0
_REFRESH_SECONDS = 0.2
_INTERRUPTED = 130
# Settings that an option sets under another name.
_OPTIONS = {"patterns": "pattern", "databases": "db"}


class OutputFormat(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def scan(
    url: Annotated[str, typer.Argument(help="The server, as redis://host:port/database.", metavar="URL")],
    output: Annotated[
        OutputFormat, typer.Option("--format", help="How to write the report.")
    ] = OutputFormat.TABLE,
    budget: Annotated[
        str | None,
        typer.Option(
            help="The share of the server's time that the scan may take: 1% or unlimited.", show_default="1%"
        ),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(
            help="How many keys are asked for type, TTL and memory: all, a number, or auto.",
            show_default="all",
        ),
    ] = None,
    pattern: Annotated[
        list[str] | None,
        typer.Option(help="A pattern of your own, such as session:{id}; may be given several times."),
    ] = None,
    database: Annotated[
        list[int] | None,
        typer.Option(
            "--db", help="A database to scan, by number; may be given several times. Without it all."
        ),
    ] = None,
    max_patterns: Annotated[
        int | None, typer.Option(help="How many patterns are shown.", show_default="100")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A configuration file whose samplers.keyspace counts, but for run_on: the server at URL "
            "is scanned."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a scan of this server that was interrupted.")
    ] = False,
) -> None:
    """Scan the keyspace of a server: keys, memory and TTLs by pattern, the biggest keys.

    Ctrl-C ends it with what is known by then; --resume goes on there.
    """
    configure_logging("error")
    target = default_config((url,)).targets[0].to_target()
    if target.address.database and not database:
        database = [target.address.database]
    options = {
        "budget": budget,
        "sample": _number_or_text(sample) if config or sample else "all",
        "patterns": tuple(pattern) if pattern else None,
        "databases": tuple(database) if database else None,
        "max_patterns": max_patterns,
    }
    section = _section(config, {name: value for name, value in options.items() if value is not None})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(_scan(target, section, resume=resume))
    _write(report, output)
    if not report.complete:
        raise typer.Exit(_INTERRUPTED)


def _number_or_text(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _section(config: Path | None, options: dict[str, Any]) -> KeyspaceSection:
    """The settings: those of the file, and what the command line says over them."""
    base = load_config(config).samplers.keyspace if config else KeyspaceSection()
    written = {**base.model_dump(exclude_unset=True), **options, "run_on": "any"}
    try:
        return KeyspaceSection.model_validate(written)
    except ValidationError as error:
        fault = faults_of(error, KeyspaceSection, written)[0]
        option = _OPTIONS.get(str(fault.place[0]), str(fault.place[0]))
        raise UsageError(f"--{option.replace('_', '-')}: {fault.message}") from error


async def _scan(target: Target, section: KeyspaceSection, *, resume: bool) -> PassReport:
    file = ProgressFile(target)
    saved = file.load() if resume else None
    if resume and saved is None:
        typer.echo("nothing to resume, beginning anew", err=True)
    connection = Connection(target, name=CLIENT_NAME, no_touch=True, timeout_seconds=_DEADLINE_SECONDS)
    scan = Scan(
        connection,
        section,
        clock=SystemClock(),
        lookups=Lookups(),
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
            typer.echo("interrupted: this is what was seen; --resume goes on", err=True)
        except StateError as error:
            typer.echo(f"interrupted: this is what was seen; it cannot be resumed: {error}", err=True)
    else:
        file.remove()
    return history.report


@asynccontextmanager
async def _progress_bar(scan: Scan) -> AsyncIterator[None]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True, emoji=False)
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
        typer.echo(report.to_json().decode())
    elif output is OutputFormat.CSV:
        typer.echo(write_csv(report), nl=False)
    else:
        console = Console(emoji=False)
        # Into a file or a pipe nothing is cut off.
        console.width = console.width if console.is_terminal else 200
        console.print(show_table(report))
