"""`redis-vigil demo`: the daemon on an embedded server with a lively workload."""

from typing import Annotated

import typer


def demo(
    listen_address: Annotated[
        str | None,
        typer.Option(
            "--web.listen-address",
            help="Where the daemon listens; a free port where 9121 is taken.",
            show_default="127.0.0.1:9121",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="End after this long; without it Ctrl-C ends the demo.", min=0.0)
    ] = None,
    first_outage: Annotated[
        float, typer.Option(help="Stop the server for a moment after this many seconds.", min=0.0)
    ] = 20.0,
) -> None:
    """Show the daemon at work: an embedded server, a workload with troubles, the shipped rules."""
    from exporter.cli.demonstration import show_demo

    show_demo(listen_address, seconds, first_outage)
