"""`samplers.clients`."""

from typing import Annotated

from pydantic import Field

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


class ClientsSection(SamplerSection):
    """CLIENT LIST: connections counted by name, user, library, host and idle time."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""
    max_clients: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """A server with more connections is not asked for their list: making it would hold up the server."""
    max_values: Annotated[int, Field(ge=1, le=1_000)] = 20
    """At most this many values of each label, those with most connections; the rest is summed as `other`."""
    per_connection: bool = False
    """Whether each connection gets series of its own, as redis_exporter's `--export-client-list` does."""
    include_port: bool = False
    """Whether these series carry the label `port`."""
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 200
    """At most this many connections get series of their own."""
