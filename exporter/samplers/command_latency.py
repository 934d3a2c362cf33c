"""The server time of each command as histograms: LATENCY HISTOGRAM, since Redis 7.0."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Final

from exporter.config.samplers.latency import CommandLatencySection
from exporter.connection import Client, Reply
from exporter.metrics.cap import OTHER
from exporter.metrics.histogram import format_bound
from exporter.model.sample import Family, Kind
from exporter.samplers.info.command_times import CommandTimes
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.info_text import parse_amount, parse_pairs, split_lines
from exporter.sampling.replies import field_map
from exporter.sampling.server_info import ServerInfo
from exporter.time_slice import TimeSlice

LATENCIES: Final = Family(
    "redis_commands_latencies_usec",
    Kind.HISTOGRAM,
    "Server time per call of a command, in microseconds, as the server counts it.",
    ("cmd",),
)
_HISTOGRAM: Final = "LATENCY HISTOGRAM"
_STATISTICS: Final = "INFO commandstats"
_SINCE: Final = (7, 0)
# Servers have some hundreds of commands.
_MAX_LISTED: Final = 2_000
# Calls, upper bounds, and cumulative counts.
_Parsed = tuple[float, Sequence[int], Sequence[int]]


@dataclass(slots=True)
class _Histogram:
    """The histogram of one command: what the server last said of it, and where it stands in the table."""

    details: Sequence[Reply]
    label: str
    bounds: Sequence[int]
    counts: Sequence[float]
    indexes: Sequence[int | None]


class CommandLatencySampler:
    """Reads the histograms of one server.

    Of a command that was not called since the last pass nothing is read: its histogram is the same.
    """

    def __init__(self, context: SamplerContext[CommandLatencySection]) -> None:
        settings = context.settings
        self._context = context
        self._table = context.table
        self._cap = context.new_cap("cmd", settings.max_commands)
        self._histograms: dict[bytes, _Histogram] = {}
        # While all are read anew: what they were.
        self._before: dict[bytes, _Histogram] = {}
        self._names: Sequence[Reply] = ()
        self._generation = -1

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        support = self._context.support
        answers = await support.ask(connection, {_HISTOGRAM: ("LATENCY", "HISTOGRAM")}, required=False)
        reply = answers.get(_HISTOGRAM)
        listed = reply[: 2 * _MAX_LISTED] if isinstance(reply, list) else []
        names, details = listed[::2], listed[1::2]
        if self._generation == self._table.generation and names == self._names:
            self._table.carry_over()
        else:
            self._before, self._histograms = self._histograms, {}
        self._names, self._generation = names, self._table.generation
        moved = [pair for pair in zip(names, details, strict=False) if not self._is_known(*pair)]
        sums = await self._ask_sums(connection, at, [name for name, _ in moved])
        turn = TimeSlice()
        for name, described in moved:
            if isinstance(name, bytes):
                self._read(name, described, sums)
            if turn.is_over:
                await turn.yield_control()
        self._before = {}
        if isinstance(reply, list):
            self._table.tell_all(LATENCIES)

    def _is_known(self, name: Reply, details: Reply) -> bool:
        known = self._histograms.get(name) if isinstance(name, bytes) else None
        return known is not None and known.details == details

    async def _ask_sums(self, connection: Client, at: float, names: Sequence[Reply]) -> Mapping[str, float]:
        """Return the server times of these commands: those that INFO has just told, if it has told all."""
        times = self._context.facts.get(CommandTimes)
        known = {command: times.microseconds(command) for command in map(_decode, names)}
        told = {command: total for command, total in known.items() if total is not None}
        support = self._context.support
        if times.at == at and len(told) == len(known):
            # INFO is answered, if it ever was refused.
            support.mark_supported(_STATISTICS)
            return told
        answers = await support.ask(connection, {_STATISTICS: ("INFO", "commandstats")}, required=False)
        return _parse_sums(answers.get(_STATISTICS))

    def _read(self, name: bytes, details: Reply, sums: Mapping[str, float]) -> None:
        """Read the histogram of a command that was called."""
        parsed = _parse_histogram(details)
        known = self._histograms.get(name)
        if parsed is None or known is None or known.bounds != parsed[1]:
            known = self._replace(name, parsed)
        if parsed is not None and known is not None:
            calls, _, counts = parsed
            known.details, known.counts = details, [*map(float, counts), calls]
            total = sums.get(known.label, 0.0)
            self._table.set_histogram(known.indexes, known.counts, total)

    def _replace(self, name: bytes, parsed: _Parsed | None) -> _Histogram | None:
        """Replace the buckets of a command that has others than before, its first ones, or none any more."""
        before = self._histograms.pop(name, None)
        if before is not None:
            self._clear(before)
        label = self._cap.fold(_decode(name))
        # Buckets of different commands cannot be summed up: each has bounds of its own.
        if parsed is None or label == OTHER:
            return None
        _, bounds, _ = parsed
        texts = [*map(format_bound, bounds), "+Inf"]
        indexes = self._table.histogram_indexes(LATENCIES, texts, label)
        known = self._histograms[name] = _Histogram((), label, bounds, (), indexes)
        self._tell_beginnings(before or self._before.get(name), known)
        return known

    def _tell_beginnings(self, before: _Histogram | None, now: _Histogram) -> None:
        """Tell at what each new bucket stood before.

        A server leaves out buckets that would say the same as the one below: so a new one stood at what the
        next lower one stood at.
        """
        if before is None or not self._table.knew_all(LATENCIES):
            return
        for bound, index in zip(now.bounds, now.indexes, strict=False):
            place = bisect_right(before.bounds, bound)
            self._table.stood_at(index, before.counts[place - 1] if place else 0.0)

    def _clear(self, histogram: _Histogram) -> None:
        """Drop the buckets of a command, so that none of the old ones is carried over."""
        for index in histogram.indexes:
            if index is not None:
                self._table.values[index] = None

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


def _decode(name: Reply) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else ""


def _parse_histogram(details: Reply) -> _Parsed | None:
    """Calls, upper bounds, and the cumulative counts of these; None where it is none.

    Format: https://redis.io/docs/latest/commands/latency-histogram/.
    """
    fields = field_map(details)
    calls, usec = fields.get("calls"), fields.get("histogram_usec")
    if not isinstance(calls, int) or not isinstance(usec, list) or set(map(type, usec)) - {int}:
        return None
    bounds, counts = usec[::2], usec[1::2]
    is_histogram = len(bounds) == len(counts) and _is_cumulative(bounds, counts)
    return (float(calls), bounds, counts) if is_histogram else None


def _is_cumulative(bounds: Sequence[int], counts: Sequence[int]) -> bool:
    """Return whether bounds rise, and counts do not fall."""
    return sorted(counts) == counts and all(map(lt, bounds, bounds[1:]))


def _parse_sums(reply: Reply) -> dict[str, float]:
    """Parse the server time of each command in microseconds; a container's is the sum of its sub-commands."""
    sums: dict[str, float] = {}
    for line in split_lines(reply) if isinstance(reply, bytes) else ():
        key, _, text = line.partition(":")
        usec = parse_amount(parse_pairs(text).get("usec", "")) if key.startswith("cmdstat_") else None
        if usec is not None:
            command = key.removeprefix("cmdstat_")
            sums[command] = usec
            container, bar, _ = command.partition("|")
            if bar:
                sums[container] = sums.get(container, 0.0) + usec
    return sums


def _knows_histograms(server: ServerInfo) -> bool:
    return not () < server.redis_version < _SINCE


SPEC: Final = SamplerSpec(
    "command_latency",
    CommandLatencySection,
    (LATENCIES,),
    CommandLatencySampler,
    applies=_knows_histograms,
    needs=(ServerInfo, CommandTimes),
)
