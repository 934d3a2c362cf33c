"""`samplers.latency` and `samplers.command_latency`."""

from typing import Annotated

from pydantic import Field

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


class LatencySection(SamplerSection):
    """Round trips of our own PING, and the latency spikes that the server has noted (LATENCY LATEST)."""

    max_events: Annotated[int, Field(ge=1, le=1_000)] = 50
    """At most this many kinds of spikes become values of the label `event_name`."""


class CommandLatencySection(SamplerSection):
    """Histograms of the server time of each command (LATENCY HISTOGRAM, Redis 7.0 on)."""

    interval: PositiveDuration | None = Duration(60_000)
    """Time between two passes."""
    max_commands: Annotated[int, Field(ge=1, le=10_000)] = 100
    """At most this many commands become values of the label `cmd`; the others are left out and counted."""
