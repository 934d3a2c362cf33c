"""`redis-vigil scan SERVER`: which kinds of keys a server holds, and what they take."""

from typing import Annotated

import typer

from exporter.cli.access import Access, asks_a_server
from exporter.cli.formats import FormatOption, OutputFormat

BudgetOption = Annotated[
    str | None,
    typer.Option(
        help="The share of the server's time that the scan may take: 1% or unlimited.", show_default="1%"
    ),
]
SampleOption = Annotated[
    str | None,
    typer.Option(
        help="How many keys are asked for type, TTL and memory: all, a number, or auto.",
        show_default="all",
    ),
]
PatternOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN", help="A pattern of your own, such as session:{id}; may be given several times."
    ),
]
DatabaseOption = Annotated[
    list[int] | None,
    typer.Option(
        "--db",
        metavar="NUMBER",
        help="A database to scan; may be given several times. Without it that in the URL, else all.",
    ),
]
MaxPatternsOption = Annotated[
    int | None, typer.Option(help="How many patterns are shown.", show_default="100")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on with a scan of this server that was interrupted.")
]


@asks_a_server
def scan(
    access: Access,
    output: FormatOption = OutputFormat.TABLE,
    budget: BudgetOption = None,
    sample: SampleOption = None,
    pattern: PatternOption = None,
    database: DatabaseOption = None,
    max_patterns: MaxPatternsOption = None,
    resume: ResumeOption = False,
) -> None:
    """Scan the keyspace of a server: keys, memory and TTLs by pattern, the biggest keys.

    Ctrl-C ends it with what is known by then; --resume goes on there.
    """
    from exporter.cli.scanning import scan_server

    options = {
        "budget": budget,
        "sample": sample,
        "patterns": tuple(pattern) if pattern else None,
        "databases": tuple(database) if database else None,
        "max_patterns": max_patterns,
    }
    scan_server(
        access, output, {name: one for name, one in options.items() if one is not None}, resume=resume
    )
