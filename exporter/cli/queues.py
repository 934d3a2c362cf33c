"""`redis-vigil queues SERVER`: the queues of one server, found by themselves."""

from typing import Annotated

import typer

from exporter.cli.access import Access, asks_a_server
from exporter.cli.formats import FormatOption, OutputFormat


@asks_a_server
def queues(
    access: Access,
    output: FormatOption = OutputFormat.TABLE,
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
    """Show the queues of a server: how many jobs wait, for how long, and who works on them.

    A database in the URL is the only one that is looked at; without one, all are.
    """
    from exporter.cli.queue_reading import show_queues_of, suggest_lists

    if suggest:
        suggest_lists(access)
    else:
        show_queues_of(access, output, interval=interval if watch else None)
