"""Lines of INFO that are one number each."""

from collections.abc import Callable, Mapping
from functools import partial
from operator import mul
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family
from exporter.samplers.info.fields.catalogue import FIELDS
from exporter.samplers.info.lines import LineReader, Reader
from exporter.samplers.info.sections import server
from exporter.sampling.info_text import parse_amount, parse_number

# What may be less than 0; of everything else, -1 says that it is not known.
_SIGNED: Final = frozenset(
    {"mem_fragmentation_bytes", "allocator_frag_bytes", "allocator_rss_bytes", "rss_overhead_bytes"}
)
# A start that differs by less is the same.
_START_SECONDS: Final = 2.0


class PlainReader:
    """Makes the readers of such lines. `at` is the moment of the pass in epoch seconds, `fields` are what the
    reply says by name."""

    def __init__(self, table: SeriesTable) -> None:
        self._table = table
        self.at = 0.0
        self.fields: Mapping[str, str] = {}
        # The id of the server's run, and when that began.
        self._start = "", 0.0

    def read_line(self, key: str, text: str) -> LineReader:
        """Any line; None where it is none that is known."""
        plain = self.read_number(key, text)
        if key in _SIGNED:
            return self._read_signed(text, plain)
        if key == "uptime_in_seconds":
            return self._read_twice(text, plain, server.START_TIME, self._start_of)
        # Fields that are shown in a unit of ours too, beside redis_exporter's.
        for field, family, scale in server.SCALED:
            if field == key:
                return self._read_twice(text, plain, family, partial(mul, scale))
        return plain

    def read_number(self, key: str, text: str) -> int | None:
        """The value as it is; the index of its series."""
        family = FIELDS.get(key)
        handle = None if family is None else self._table.handle(family)
        if handle is not None:
            self._table.values[handle] = parse_amount(text)
        return handle

    def _start_of(self, uptime: float) -> float:
        """When the server started, in epoch seconds: as first found while it is the same run.

        Both sides count whole seconds, which begin at different moments: two passes may differ by one.
        """
        start, run_id = int(self.at) - uptime, self.fields.get("run_id", "")
        if run_id != self._start[0] or abs(start - self._start[1]) >= _START_SECONDS:
            self._start = run_id, start
        return self._start[1]

    def _read_signed(self, text: str, plain: int | None) -> Reader:
        table = self._table

        def read(text: str) -> bool:
            if plain is not None:
                table.values[plain] = parse_number(text)
            return True

        read(text)
        return read

    def _read_twice(
        self, text: str, plain: int | None, family: Family, convert: Callable[[float], float]
    ) -> Reader:
        table, converted = self._table, self._table.handle(family)

        def read(text: str) -> bool:
            number = parse_amount(text)
            if plain is not None:
                table.values[plain] = number
            if converted is not None:
                table.values[converted] = None if number is None else convert(number)
            return True

        read(text)
        return read
