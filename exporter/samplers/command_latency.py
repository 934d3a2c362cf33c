"""The server time of each command as histograms: LATENCY HISTOGRAM, since Redis 7.0."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import le, lt
from typing import Final

from exporter.config.samplers.latency import CommandLatencySection
from exporter.connection import Asker
from exporter.connection.connection import Reply
from exporter.metrics.cap import OTHER
from exporter.metrics.histogram import format_bound
from exporter.model.sample import Family, Kind
from exporter.samplers.base import SamplerContext, SamplerSpec, TargetFacts
from exporter.samplers.info.parser import parse_named_numbers, split_lines

LATENCIES: Final = Family(
    "redis_commands_latencies_usec",
    Kind.HISTOGRAM,
    "Server time per call of a command, in microseconds, as the server counts it.",
    ("cmd",),
)
_HISTOGRAM: Final = "LATENCY HISTOGRAM"
_STATISTICS: Final = "INFO commandstats"
_SINCE: Final = (7, 0)


@dataclass(frozen=True, slots=True)
class _Series:
    """Where the histogram of one command stands in the table, for as long as it has these bounds."""

    bounds: Sequence[int]
    handles: Sequence[int | None]


class CommandLatencySampler:
    """Reads the histograms of one server."""

    def __init__(self, context: SamplerContext) -> None:
        settings: CommandLatencySection = context.settings
        self._context = context
        self._table = context.table
        self._cap = context.new_cap("cmd", settings.max_commands)
        self._series: dict[str, _Series] = {}
        self._generation = -1

    async def sample(self, connection: Asker, at: float) -> None:
        """One pass (see `Sampler`)."""
        answers = await self._context.refusals.ask(
            connection, {_HISTOGRAM: ("LATENCY", "HISTOGRAM"), _STATISTICS: ("INFO", "commandstats")}
        )
        if self._generation != self._table.generation:
            self._series, self._generation = {}, self._table.generation
        sums = _parse_sums(answers.get(_STATISTICS))
        for command, calls, bounds, counts in _parse_histograms(answers.get(_HISTOGRAM)):
            label = self._cap.fold(command)
            # Buckets of different commands cannot be summed up: each has bounds of its own.
            if label != OTHER:
                series = self._find_series(label, bounds)
                numbers = [*map(float, counts), calls]
                self._table.set_histogram(series.handles, numbers, sums.get(command, 0.0))

    def _find_series(self, command: str, bounds: Sequence[int]) -> _Series:
        series = self._series.get(command)
        if series is None or series.bounds != bounds:
            names = [*map(format_bound, bounds), "+Inf"]
            handles = self._table.histogram_handles(LATENCIES, names, command)
            series = self._series[command] = _Series(bounds, handles)
        return series

    async def close(self) -> None:
        """Nothing to let go of."""


def _parse_histograms(reply: Reply) -> Iterator[tuple[str, float, Sequence[int], Sequence[int]]]:
    """Command, calls, upper bounds, and the cumulative counts of these.

    Format: https://redis.io/docs/latest/commands/latency-histogram/.
    """
    if not isinstance(reply, list):
        return
    for name, details in zip(reply[::2], reply[1::2], strict=False):
        fields = dict(zip(details[::2], details[1::2], strict=False)) if isinstance(details, list) else {}
        calls, pairs = fields.get(b"calls"), fields.get(b"histogram_usec")
        if isinstance(name, bytes) and isinstance(calls, int) and isinstance(pairs, list):
            bounds, counts = pairs[::2], pairs[1::2]
            if (
                len(bounds) == len(counts)
                and set(map(type, pairs)) <= {int}
                and _is_cumulative(bounds, counts)
            ):
                yield name.decode("utf-8", "backslashreplace"), float(calls), bounds, counts


def _is_cumulative(bounds: Sequence[int], counts: Sequence[int]) -> bool:
    """Whether bounds rise, and counts do not fall."""
    return all(map(lt, bounds, bounds[1:])) and all(map(le, counts, counts[1:]))


def _parse_sums(reply: Reply) -> dict[str, float]:
    """The server time of each command in microseconds; that of a container is the sum of its sub-commands."""
    sums: dict[str, float] = {}
    for line in split_lines(reply) if isinstance(reply, bytes) else ():
        key, _, text = line.partition(":")
        names, numbers = parse_named_numbers(text)
        if key.startswith("cmdstat_") and "usec" in names:
            command = key.removeprefix("cmdstat_")
            usec = numbers[names.index("usec")]
            sums[command] = usec
            container, bar, _ = command.partition("|")
            if bar:
                sums[container] = sums.get(container, 0.0) + usec
    return sums


def _knows_histograms(facts: TargetFacts) -> bool:
    return not () < facts.redis_version < _SINCE


SPEC: Final = SamplerSpec("command_latency", (LATENCIES,), CommandLatencySampler, applies=_knows_histograms)
