"""Commandstats, Latencystats and Errorstats: one line per command or error."""

import re
from collections.abc import Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.metrics.cap import OTHER
from exporter.model.sample import Family, Kind
from exporter.samplers.info.lines import LineReader, always_anew
from exporter.samplers.info.parser import parse_named_numbers

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
    "Server time per call of a command, in microseconds; quantiles are in percent, as in redis_exporter.",
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

_PREFIX: Final = "cmdstat_"
_ERROR_PREFIX: Final = "errorstat_"
_PERCENTILES_PREFIX: Final = "latency_percentiles_usec_"
_PERCENTILE: Final = re.compile(r"p\d{1,3}(\.\d{1,10})?")
# What a line of Commandstats holds, in the order in which every version writes it: calls, usec,
# usec_per_call, and since Redis 6.2 rejected_calls and failed_calls.
_CALLS, _USEC, _REJECTED, _FAILED = 0, 1, 3, 4
_COUNTERS: Final = (
    (_CALLS, COMMANDS, 1.0),
    (_USEC, COMMANDS_DURATION, 1e-6),
    (_REJECTED, COMMANDS_REJECTED, 1.0),
    (_FAILED, COMMANDS_FAILED, 1.0),
)


class CommandLine:
    """The line of one command: its counters, and the sum and count of its latency percentiles."""

    __slots__ = ("_command", "_handles", "_latency", "_microseconds", "_names", "_table")

    def __init__(
        self, table: SeriesTable, command: str, names: Sequence[str], microseconds: dict[str, float]
    ) -> None:
        self._table = table
        self._command = command
        self._names = names
        self._microseconds = microseconds
        self._handles = tuple(
            table.handle(family, command) for position, family, _ in _COUNTERS if position < len(names)
        )
        self._latency: tuple[int | None, int | None] = (None, None)

    def add_latency(self, command: str) -> None:
        """The command has percentiles too: write what completes their summary."""
        total, count = (
            self._table.handle(LATENCY_PERCENTILES, command, suffix=end) for end in ("_sum", "_count")
        )
        self._latency = (total, count)
        values, (calls, duration) = self._table.values, self._handles[:2]
        for handle, source, scale in ((total, duration, 1e6), (count, calls, 1.0)):
            value = None if source is None else values[source]
            if handle is not None and value is not None:
                values[handle] = float(round(value * scale))

    def write(self, numbers: list[float], *, add: bool = False) -> None:
        """Set the values; `add` to what they are, where several commands share this line."""
        values = self._table.values
        for handle, (position, _, scale) in zip(self._handles, _COUNTERS, strict=False):
            if handle is not None:
                before = values[handle] if add else None
                values[handle] = numbers[position] * scale + (before or 0.0)
        total, count = self._latency
        if total is not None:
            values[total] = numbers[_USEC]
        if count is not None:
            values[count] = numbers[_CALLS]

    def __call__(self, text: str) -> bool:
        names, numbers = parse_named_numbers(text)
        if names != self._names:
            return False
        self.write(numbers)
        self._microseconds[self._command] = numbers[_USEC]
        return True


class CommandReader:
    """Makes the readers of the three sections' lines. `microseconds` is the server time of each command."""

    def __init__(self, table: SeriesTable, commands: LabelCap, errors: LabelCap) -> None:
        self._table = table
        self._command_cap = commands
        self._error_cap = errors
        self._lines: dict[str, CommandLine] = {}
        self.microseconds: dict[str, float] = {}

    def begin(self) -> None:
        """A reply is read anew."""
        self._lines = {}
        self.microseconds = {}

    def read_command(self, key: str, text: str) -> LineReader:
        """A line of Commandstats."""
        names, numbers = parse_named_numbers(text)
        if not key.startswith(_PREFIX) or len(numbers) < 3:
            return None
        command = self._command_cap.fold(key.removeprefix(_PREFIX))
        line = CommandLine(self._table, command, names, self.microseconds)
        if command == OTHER:
            line.write(numbers, add=True)
            return always_anew
        self._lines[command] = line
        line(text)
        return line

    def read_percentiles(self, key: str, text: str) -> LineReader:
        """A line of Latencystats."""
        command = key.removeprefix(_PERCENTILES_PREFIX)
        line = self._lines.get(command)
        names, _ = parse_named_numbers(text)
        if line is None or not names or not all(_PERCENTILE.fullmatch(name) for name in names):
            return None
        table = self._table
        handles = [table.quantile_handle(LATENCY_PERCENTILES, name[1:], command) for name in names]
        line.add_latency(command)

        def read(text: str) -> bool:
            names_now, numbers = parse_named_numbers(text)
            if names_now != names:
                return False
            values = table.values
            for handle, number in zip(handles, numbers, strict=True):
                if handle is not None:
                    values[handle] = number
            return True

        read(text)
        return read

    def read_error(self, key: str, text: str) -> LineReader:
        """A line of Errorstats."""
        _, numbers = parse_named_numbers(text)
        if not key.startswith(_ERROR_PREFIX) or not numbers:
            return None
        code = self._error_cap.fold(key.removeprefix(_ERROR_PREFIX))
        table = self._table
        handle = table.handle(ERRORS, code)
        if handle is None:
            return None
        if code == OTHER:
            table.values[handle] = numbers[0] + (table.values[handle] or 0.0)
            return always_anew

        def read(text: str) -> bool:
            _, numbers = parse_named_numbers(text)
            if not numbers:
                return False
            table.values[handle] = numbers[0]
            return True

        read(text)
        return read
