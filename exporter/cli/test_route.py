"""`redis-vigil test route`: which receivers an alert with these labels would go to, and why."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from exporter.alerting.routes import Route, build_route
from exporter.config.alertmanager.matchers import format_matchers
from exporter.config.alertmanager.routes import GROUP_BY_ALL
from exporter.errors import UsageError
from exporter.model.duration import format_duration
from exporter.model.labels import Labels
from exporter.routing import load_routing


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
    routing = load_routing(config, time.time)
    root = build_route(routing.config.route)
    not_sent = {one.name: ", ".join(one.services_not_sent) for one in routing.config.receivers}
    matched = root.match(Labels([_parse_label(text) for text in labels or ()]))
    typer.echo(f"receivers: {', '.join(route.options.receiver for route in matched)}")
    for route in matched:
        typer.echo(f"{route.options.receiver}: {_path(root, route)}")
        typer.echo(f"  {_timing(route)}")
        if route.options.labels:
            typer.echo(f"  labels {route.options.labels}")
        if services := not_sent.get(route.options.receiver):
            typer.echo(f"  not sent by redis-vigil: {services}")


def _parse_label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f'"{text}" is not a label such as severity=critical')
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return name, value


def _path(root: Route, route: Route) -> str:
    """The conditions from the root down: `{} > {team="db"}`."""
    steps = [root]
    for index in route.path:
        steps.append(steps[-1].children[index])
    return " > ".join(format_matchers(step.matchers) for step in steps)


def _timing(route: Route) -> str:
    options = route.options
    group_by = [GROUP_BY_ALL] if options.group_by is None else sorted(options.group_by)
    durations = ("group_wait", "group_interval", "repeat_interval")
    texts = [
        f"group_by [{', '.join(group_by)}]",
        *(f"{name} {format_duration(round(getattr(options, name) * 1000))}" for name in durations),
        *_interval_texts("muted in", options.mute_intervals),
        *_interval_texts("active in", options.active_intervals),
    ]
    return ", ".join(texts)


def _interval_texts(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what} {' and '.join(names)}"] if names else []
