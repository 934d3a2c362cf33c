"""Reads lines of INFO that are one number each."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import mul
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.catalogue import FIELDS
from exporter.samplers.info.fields.declaration import Field
from exporter.samplers.info.fields.server import START_TIME
from exporter.samplers.info.line_reader import CallbackReader, LineReader, read_number
from exporter.sampling.info_text import parse_amount, parse_number

# A start that differs by less is the same.
_START_SECONDS: Final = 2.0


class PlainReader:
    """Makes the readers of such lines.

    `at` is the moment of the pass in epoch seconds, `fields` are what the reply says by name.
    """

    def __init__(self, table: SeriesTable) -> None:
        self._table = table
        self.at = 0.0
        self.fields: Mapping[str, str] = {}
        # The id of the server's run, and when that began.
        self._start = "", 0.0

    def read_line(self, key: str, text: str) -> LineReader | None:
        """Read any line, and return its reader; None if it is none that is known."""
        declared = FIELDS.get(key)
        if declared is None:
            return None
        if len(declared) == 1 and declared[0].scale == 1.0 and not declared[0].signed:
            return read_number(self._table.index(declared[0].family), text, self._table.values)
        return self._read_converted(text, declared)

    def _start_of(self, uptime: float) -> float:
        """Return when the server started, in epoch seconds: as first found while it is the same run.

        Both sides count whole seconds, which begin at different moments: two passes may differ by one.
        """
        start, run_id = int(self.at) - uptime, self.fields.get("run_id", "")
        if run_id != self._start[0] or abs(start - self._start[1]) >= _START_SECONDS:
            self._start = run_id, start
        return self._start[1]

    def _read_converted(self, text: str, declared: Sequence[Field]) -> LineReader:
        """Read a field that is shown in other units, or in several, or that may be less than 0."""
        table = self._table
        parse = parse_number if any(field.signed for field in declared) else parse_amount
        targets = [(table.index(field.family), self._conversion(field)) for field in declared]

        def read(text: str) -> bool:
            number = parse(text)
            for index, convert in targets:
                if index is not None:
                    table.values[index] = None if number is None else convert(number)
            return True

        read(text)
        return CallbackReader(read)

    def _conversion(self, field: Field) -> Callable[[float], float]:
        return self._start_of if field is START_TIME else partial(mul, field.scale)
