"""Route trials tell the receivers of an alert, for `redis-vigil test route`."""

import time
from collections.abc import Sequence
from pathlib import Path

from exporter.alerting.routes import Route, build_route
from exporter.cli.output import say
from exporter.cli.routing_file import find_routing_file
from exporter.config.alertmanager.matchers import format_matchers
from exporter.config.alertmanager.routes import GROUP_BY_ALL
from exporter.errors import UsageError
from exporter.model.duration import format_duration
from exporter.model.labels import Labels
from exporter.model.printable import printable
from exporter.routing import load_routing


def print_route(config: Path, labels: Sequence[str]) -> None:
    """Print the receivers of an alert, and the way to them; raises `ConfigError`, `UsageError`."""
    routing = load_routing(find_routing_file(config).path, time.time)
    root = build_route(routing.config.route)
    not_sent = {one.name: ", ".join(one.services_not_sent) for one in routing.config.receivers}
    matched = root.match(Labels([_parse_label(text) for text in labels]))
    say(printable(f"receivers: {', '.join(route.options.receiver for route in matched)}"))
    for route in matched:
        say(printable(f"{route.options.receiver}: {_path(root, route)}"))
        say(f"  {_timing(route)}")
        if route.options.labels:
            say(printable(f"  labels {route.options.labels}"))
        if services := not_sent.get(route.options.receiver):
            say(f"  not sent by redis-vigil: {services}")


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
