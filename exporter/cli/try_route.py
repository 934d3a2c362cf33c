"""`redis-vigil test route`: which receivers an alert with these labels would go to, and why."""

from typing import Annotated

import typer

from exporter.cli.routing_option import RoutingOption


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("route")(show_route)


def show_route(
    config: RoutingOption,
    labels: Annotated[
        list[str] | None, typer.Argument(help="Labels of the alert.", metavar="LABEL=VALUE...")
    ] = None,
) -> None:
    """Show where an alert with these labels goes.

    \b
    redis-vigil test route --config alertmanager.yml severity=critical team=shop
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.route_trial import print_route

    print_route(config, labels or ())
