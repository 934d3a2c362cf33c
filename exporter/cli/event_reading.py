"""Shows events, and slow commands of the past, for `redis-vigil events` and `redis-vigil slowlog`."""

from collections.abc import Mapping
from typing import Any

from exporter.cli.event_output import moment_text, write_each, write_events
from exporter.cli.event_source import EventSource, Filters, follow
from exporter.cli.formats import OutputFormat
from exporter.cli.output import say
from exporter.errors import UsageError
from exporter.log import configure_logging


def show_events(
    source: EventSource, filters: Filters, limit: int, output: OutputFormat, *, is_followed: bool
) -> None:
    """Print events, or that there are none, and why. Raises `VigilError`."""
    configure_logging("error")
    if is_followed and filters.until:
        raise UsageError("--follow has no end: leave --until out")
    if is_followed:
        write_each(follow(source, filters, limit), output)
        return
    found = source.events(filters, limit)
    if not found:
        say(why_empty(source, filters), err=True)
    if found or output is not OutputFormat.TABLE:
        write_events(found, output)


def why_empty(source: EventSource, filters: Filters, what: str = "events") -> str:
    """Say that nothing was found, and what there is instead."""
    if filters == Filters():
        return f"no {what}: none has been kept there yet"
    others = source.events(Filters(), 1)
    if not others:
        return f"no {what}: nothing at all has been kept there yet"
    unbounded = Filters(filters.instances, filters.kinds)
    alike = source.events(unbounded, 1) if unbounded != filters else []
    if alike:
        return f"no {what} in that time; the newest that fits is from {moment_text(alike[0]['at'])}"
    return f"no {what} of that kind or instance; the newest of all is {_named(others[0])}"


def _named(event: Mapping[str, Any]) -> str:
    place = f" of {event['instance']}" if event["instance"] else ""
    return f"{event['kind']}{place} from {moment_text(event['at'])}"
