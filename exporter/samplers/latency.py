"""Latency: round trips of our own PING, and the spikes that the server has recorded itself."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.config.samplers.latency import LatencySection
from exporter.connection import Client, Command, Reply
from exporter.errors import Reason, ReplyError, TargetError
from exporter.metrics import Histogram
from exporter.model.sample import Family, Kind
from exporter.samplers.latency_events import SpikeRecorder
from exporter.sampling.base import SamplerContext, SamplerSpec

PING: Final = Family(
    "redis_ping_duration_seconds",
    Kind.HISTOGRAM,
    "Round trips of a PING, from sending it to its answer; one without an answer counts with its deadline.",
)
LAST_PING: Final = Family(
    "redis_exporter_last_scrape_ping_time_seconds", Kind.GAUGE, "How long the last PING took."
)
CONNECTS: Final = Family(
    "redis_vigil_connects_total", Kind.COUNTER, "Times that the daemon has connected to the server."
)
SPIKE_LAST: Final = Family(
    "redis_latency_spike_last",
    Kind.GAUGE,
    "When a kind of latency spike last occurred, in seconds since the epoch.",
    ("event_name",),
)
SPIKE_DURATION: Final = Family(
    "redis_latency_spike_duration_seconds", Kind.GAUGE, "Length of the last spike of a kind.", ("event_name",)
)
SPIKE_MAX: Final = Family(
    "redis_latency_spike_max_duration_seconds",
    Kind.GAUGE,
    "Length of the longest spike of a kind since LATENCY RESET.",
    ("event_name",),
)

_LATEST: Final = "LATENCY LATEST"
# Servers know some twenty kinds of spikes.
_MAX_LISTED: Final = 1_000
BOUNDS_SECONDS: Final = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
)


class LatencySampler:
    """Times one server."""

    def __init__(self, context: SamplerContext[LatencySection]) -> None:
        settings = context.settings
        self._context = context
        self._table = context.table
        self._histogram = Histogram(BOUNDS_SECONDS)
        self._indexes: Sequence[int | None] = ()
        self._generation = -1
        self._events = context.new_cap("event_name", settings.max_events)
        self._recorder = SpikeRecorder(context.events, context.target.instance, context.support)

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        table = self._table
        spikes = await self._ping(connection)
        self._write_histogram()
        table.set(CONNECTS, float(connection.connects))
        found = list(_parse_spikes(spikes))
        for event, last, milliseconds, longest in found:
            name = self._events.fold(event)
            table.set(SPIKE_LAST, float(last), name)
            table.set(SPIKE_DURATION, milliseconds / 1e3, name)
            table.set(SPIKE_MAX, longest / 1e3, name)
        if isinstance(spikes, list):
            # Kinds that are not listed have had no spike: never, and of no length.
            table.tell_all(SPIKE_LAST, SPIKE_DURATION, SPIKE_MAX)
        await self._recorder.note(connection, found)

    def _write_histogram(self) -> None:
        table, histogram = self._table, self._histogram
        if self._generation != table.generation:
            self._indexes = table.histogram_indexes(PING, [name for name, _ in histogram.buckets])
            self._generation = table.generation
        table.set_histogram(self._indexes, histogram.cumulated, histogram.sum)

    async def _ping(self, connection: Client) -> Reply:
        """Time a PING; the spikes travel with it, which costs the server a microsecond or two."""
        support = self._context.support
        with_spikes = self._context.facts.server.mode != "sentinel" and support.is_due(_LATEST)
        commands: list[Command] = [("PING",), *([("LATENCY", "LATEST")] if with_spikes else [])]
        started = self._context.clock.monotonic()
        try:
            replies, seconds = await connection.timed_pipeline(commands)
        except (TargetError, asyncio.CancelledError) as error:
            # The runner's deadline cancels; the connection's own is an error.
            if not isinstance(error, TargetError) or error.reason is Reason.TIMEOUT:
                self._histogram.observe(self._context.clock.monotonic() - started)
            raise
        latest = support.check_reply(_LATEST, replies[1]) if with_spikes else None
        if isinstance(replies[0], ReplyError):
            raise replies[0]
        self._histogram.observe(seconds)
        self._table.set(LAST_PING, seconds)
        return latest

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


def _parse_spikes(reply: Reply) -> Iterator[tuple[str, int, int, int]]:
    """Parse name, second of the last one, its length and the greatest length in milliseconds.

    Format: https://redis.io/docs/latest/commands/latency-latest/.
    """
    for fields in reply[:_MAX_LISTED] if isinstance(reply, list) else ():
        if isinstance(fields, list) and len(fields) >= 4 and isinstance(fields[0], bytes):
            name, *numbers = fields[:4]
            if all(isinstance(number, int) for number in numbers):
                yield name.decode("utf-8", "backslashreplace"), numbers[0], numbers[1], numbers[2]


SPEC: Final = SamplerSpec(
    "latency",
    LatencySection,
    (PING, LAST_PING, CONNECTS, SPIKE_LAST, SPIKE_DURATION, SPIKE_MAX),
    LatencySampler,
    isolated=True,
    on_sentinel=True,
    command="PING",
)
