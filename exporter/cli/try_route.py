"""`redis-vigil test route`: which receivers an alert with these labels would go to, and why."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("route")(show_route)


def show_route(
    config: Annotated[Path, typer.Option("--config", help="The alertmanager.yml.")],
    labels: Annotated[
        list[str] | None, typer.Argument(help="Labels of the alert.", metavar="LABEL=VALUE...")
    ] = None,
) -> None:
    """Show where an alert with these labels goes."""
    from exporter.cli.route_trial import print_route

    print_route(config, labels or ())
