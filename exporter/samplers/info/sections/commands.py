"""Commandstats, Latencystats and Errorstats: one line per command or error."""

from collections.abc import Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.parser import Section, parse_number

COMMANDS: Final = Family("redis_commands_total", Kind.COUNTER, "Calls per command.", ("cmd",))
COMMANDS_DURATION: Final = Family(
    "redis_commands_duration_seconds_total", Kind.COUNTER, "Server time spent per command.", ("cmd",)
)
COMMANDS_REJECTED: Final = Family(
    "redis_commands_rejected_calls_total",
    Kind.COUNTER,
    "Calls per command that were refused before they ran.",
    ("cmd",),
)
COMMANDS_FAILED: Final = Family(
    "redis_commands_failed_calls_total",
    Kind.COUNTER,
    "Calls per command that failed while they ran.",
    ("cmd",),
)
LATENCY_PERCENTILES: Final = Family(
    "redis_latency_percentiles_usec",
    Kind.SUMMARY,
    "Server time per call of a command, in microseconds, as the server's own percentiles.",
    ("cmd",),
)
ERRORS: Final = Family("redis_errors_total", Kind.COUNTER, "Error replies by their code.", ("err",))
FAMILIES: Final = (
    COMMANDS,
    COMMANDS_DURATION,
    COMMANDS_REJECTED,
    COMMANDS_FAILED,
    LATENCY_PERCENTILES,
    ERRORS,
)

_PREFIX: Final = len("cmdstat_")
_ERROR_PREFIX: Final = len("errorstat_")
_PERCENTILES_PREFIX: Final = len("latency_percentiles_usec_")
# What a line of Commandstats holds, in the order in which every version writes it.
_CALLS, _USEC, _REJECTED, _FAILED = 0, 1, 3, 4


class CommandReader:
    """Reads the three sections for one target."""

    def __init__(self, table: SeriesTable, *, max_commands: int, max_errors: int) -> None:
        self._table = table
        self._commands = LabelCap(max_commands)
        self._errors = LabelCap(max_errors)

    @property
    def folded(self) -> int:
        """Lines that were folded into `other` so far."""
        return self._commands.folded + self._errors.folded

    def read(self, commandstats: Section, latencystats: Section, errorstats: Section) -> None:
        """Write all three into the table."""
        totals = self._read_commands(commandstats)
        self._read_percentiles(latencystats, totals)
        self._read_errors(errorstats)

    def _read_commands(self, section: Section) -> dict[str, tuple[float, float]]:
        totals: dict[str, tuple[float, float]] = {}
        for key, value in section:
            numbers = _numbers(value)
            if not key.startswith("cmdstat_") or len(numbers) < 3:
                continue
            command = self._commands.fold(key[_PREFIX:])
            self._add(COMMANDS, numbers[_CALLS], command)
            self._add(COMMANDS_DURATION, numbers[_USEC] / 1e6, command)
            if len(numbers) > _FAILED:
                self._add(COMMANDS_REJECTED, numbers[_REJECTED], command)
                self._add(COMMANDS_FAILED, numbers[_FAILED], command)
            totals[command] = (numbers[_CALLS], numbers[_USEC])
        return totals

    def _add(self, family: Family, value: float, label: str) -> None:
        handle = self._table.handle(family, label)
        if handle is not None:
            values = self._table.values
            values[handle] = value + (values[handle] or 0.0)

    def _read_percentiles(self, section: Section, totals: dict[str, tuple[float, float]]) -> None:
        for key, value in section:
            command = key[_PERCENTILES_PREFIX:]
            if command not in totals:
                continue
            for item in value.split(","):
                name, _, text = item.partition("=")
                quantile, usec = parse_number(name[1:]), parse_number(text)
                if quantile is not None and usec is not None:
                    self._table.set_quantile(LATENCY_PERCENTILES, round(quantile / 100, 9), usec, command)
            calls, usec_sum = totals[command]
            self._table.set(LATENCY_PERCENTILES, usec_sum, command, suffix="_sum")
            self._table.set(LATENCY_PERCENTILES, calls, command, suffix="_count")

    def _read_errors(self, section: Section) -> None:
        for key, value in section:
            numbers = _numbers(value)
            if key.startswith("errorstat_") and numbers:
                self._add(ERRORS, numbers[0], self._errors.fold(key[_ERROR_PREFIX:]))


def _numbers(value: str) -> Sequence[float]:
    """The numbers of `calls=21,usec=175,…`, in order; nothing if one of them is none."""
    try:
        return [float(item.partition("=")[2]) for item in value.split(",")]
    except ValueError:
        return ()
