"""Finds by which names events are kept of the servers that the command line gives."""

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.cli.event_source import EventSource
from exporter.config.url import parse_server_url
from exporter.errors import UsageError

_MOST_SHOWN: Final = 10


def names_of(source: EventSource, servers: Sequence[str]) -> Sequence[str]:
    """Return the labels `instance` of servers that are given by these or by URLs.

    Raises `UsageError` for a URL that leads to no target, and what the source raises.
    """
    if not any(":" in one or "/" in one for one in servers):
        return servers
    known = source.instances()
    return [name for one in servers for name in _names_of(one, known, source)]


def _names_of(server: str, known: Mapping[str, str], source: EventSource) -> Sequence[str]:
    if server in known:
        return [server]
    try:
        address = parse_server_url(server).address
    except ValueError as error:
        if "://" in server:
            raise UsageError(f"the server's URL {error}") from None
        return [server]
    names = [name for name, place in known.items() if place == address.instance]
    if names or "://" not in server:
        # Without a scheme it may be the name of one that is no longer watched.
        return names or [server]
    shown = [*list(known)[:_MOST_SHOWN], *(["…"] if len(known) > _MOST_SHOWN else [])]
    raise UsageError(f"{address} is no target of {source}: there are {', '.join(shown) or 'none'}")
