"""Commandstats, Latencystats and Errorstats: one line per command or error."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.metrics.cap import OTHER
from exporter.model.sample import Family
from exporter.samplers.info.fields import commandstats, errorstats, latencystats
from exporter.samplers.info.line_reader import FULL_REPARSE, IGNORED, LineReader, NamedNumbersReader
from exporter.sampling.info_text import parse_named_amounts

COMMANDS: Final = commandstats.COMMANDS.family
COMMANDS_DURATION: Final = commandstats.COMMANDS_DURATION.family
LATENCY_PERCENTILES: Final = latencystats.LATENCY_PERCENTILES.family
ERRORS: Final = errorstats.ERRORS.family

# What a server does not list as long as it has answered nobody so: shown as 0 from the start. Not every code
# there is, but those that say that the server, or a client's access to it, is in trouble.
CODES: Final = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOAUTH",
    "NOPERM",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "WRONGPASS",
)

COMMAND_PREFIX: Final = "cmdstat_"
ERROR_PREFIX: Final = "errorstat_"
PERCENTILES_PREFIX: Final = "latency_percentiles_usec_"
_PERCENTILE: Final = re.compile(r"p\d{1,3}(\.\d{1,10})?")
# Sections, and of which families they tell everything that was counted.
SECTIONS: Final[Mapping[str, Sequence[Family]]] = {
    "commandstats": tuple(field.family for field in commandstats.COMPOSITE),
    "errorstats": (ERRORS,),
}
# What a line of Commandstats says, as far as the server tells it. Redis Enterprise has fields of its own too.
_CALLS, _USEC = "calls", "usec"
_COUNTERS: Final[Mapping[str, tuple[Family, float]]] = {
    field.name.rpartition(" ")[2]: (field.family, field.scale) for field in commandstats.COMPOSITE
}


class CommandReader:
    """Makes the readers of the three sections' lines.

    `durations` are the indexes of the values that hold the server time of each command.
    """

    def __init__(self, table: SeriesTable, commands: LabelCap, errors: LabelCap) -> None:
        self._table = table
        self._command_cap = commands
        self._error_cap = errors
        # While a reply is parsed as a whole: with the amounts that were read, by name.
        self._lines: dict[str, tuple[NamedNumbersReader, Mapping[str, float | None]]] = {}
        self.durations: dict[str, int] = {}
        self._told: Sequence[Family] = ()

    def begin(self) -> None:
        """Prepare for a reply that is parsed as a whole."""
        self._lines = {}
        # Not emptied: what was told of the last pass goes by the old one.
        self.durations = {}

    def end(self, sections: Collection[str]) -> None:
        """Complete a reply with these sections, which was parsed as a whole.

        A server that tells of errors has answered with none of those that it does not list.
        """
        self._lines = {}
        self._told = [
            family for section, families in SECTIONS.items() if section in sections for family in families
        ]
        for code in CODES if "errorstats" in sections else ():
            index = self._table.index(ERRORS, code)
            if index is not None and self._table.values[index] is None:
                self._table.values[index] = 0.0

    @property
    def codes(self) -> Sequence[str]:
        """The codes of errors that have series from the start."""
        return CODES if ERRORS in self._told else ()

    def tell(self) -> None:
        """Tell the table of which families the pass under way has all series."""
        self._table.tell_all(*self._told)

    def read_command(self, key: str, text: str) -> LineReader | None:
        """Read a line of Commandstats; None if it is of another form."""
        names, amounts = parse_named_amounts(text)
        fields = [name.strip() for name in names]
        told = dict(zip(fields, amounts, strict=True))
        if _CALLS not in told:
            return None
        command = self._command_cap.fold(key.removeprefix(COMMAND_PREFIX))
        line = NamedNumbersReader(names)
        for place, name in enumerate(fields):
            if name in _COUNTERS:
                family, scale = _COUNTERS[name]
                line.add(place, self._table.index(family, command), scale)
        if command == OTHER:
            # Several commands share these values.
            for place, index, scale in line.targets:
                self._table.values[index] = (amounts[place] or 0.0) * scale + (
                    self._table.values[index] or 0.0
                )
            return FULL_REPARSE
        self._lines[command] = line, told
        duration = self._table.index(COMMANDS_DURATION, command) if _USEC in told else None
        if duration is not None:
            self.durations[command] = duration
        line.read(text, self._table.values)
        return line

    def read_percentiles(self, key: str, text: str) -> LineReader | None:
        """Read a line of Latencystats, after those of Commandstats; None if it is of another form."""
        command = key.removeprefix(PERCENTILES_PREFIX)
        counters = self._lines.get(command)
        names, _ = parse_named_amounts(text)
        if counters is None or not all(_PERCENTILE.fullmatch(name) for name in names):
            return None
        table = self._table
        line = NamedNumbersReader(names)
        for place, name in enumerate(names):
            line.add(place, table.quantile_index(LATENCY_PERCENTILES, name[1:], command))
        self._complete(command, *counters)
        line.read(text, table.values)
        return line

    def _complete(self, command: str, counters: NamedNumbersReader, told: Mapping[str, float | None]) -> None:
        """Complete the summary of a command's percentiles with its counters."""
        table = self._table
        for place, raw in enumerate(counters.names):
            name = raw.strip()
            if name not in (_CALLS, _USEC):
                continue
            family, suffix = (COMMANDS, "_count") if name == _CALLS else (COMMANDS_DURATION, "_sum")
            index = table.index(LATENCY_PERCENTILES, command, suffix=suffix)
            counters.add(place, index)
            if index is not None:
                table.values[index] = told[name]
            if table.knew_all(family):
                # Percentiles may be switched on for a command that was called long before.
                before = table.before(table.index(family, command)) or 0.0
                table.stood_at(index, before * (1e6 if name == _USEC else 1.0))

    def read_error(self, key: str, text: str) -> LineReader | None:
        """Read a line of Errorstats; None if it is of another form."""
        names, amounts = parse_named_amounts(text)
        if "count" not in names:
            return None
        code = key.removeprefix(ERROR_PREFIX)
        if code not in CODES:
            code = self._error_cap.fold(code)
        table = self._table
        index = table.index(ERRORS, code)
        if index is None:
            return IGNORED
        place = names.index("count")
        if code == OTHER:
            table.values[index] = (amounts[place] or 0.0) + (table.values[index] or 0.0)
            return FULL_REPARSE
        line = NamedNumbersReader(names)
        line.add(place, index)
        line.read(text, table.values)
        return line
