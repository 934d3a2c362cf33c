"""Sentinel: one line per watched primary."""

import re
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.sentinel import SENTINELS, SLAVES, STATUS
from exporter.samplers.info.line_reader import FULL_REPARSE, LineReader
from exporter.sampling.info_text import parse_amount, parse_pairs

_MASTER_FIELD: Final = re.compile(r"master\d+")


class SentinelReader:
    """Makes the readers of the section's lines."""

    def __init__(self, table: SeriesTable) -> None:
        self._table = table

    def read_line(self, key: str, text: str) -> LineReader | None:
        """Read the line of a primary; None if it is none."""
        if not _MASTER_FIELD.fullmatch(key):
            return None
        pairs = parse_pairs(text)
        if "name" not in pairs:
            return None
        self._read_master(pairs)
        return FULL_REPARSE

    def _read_master(self, pairs: dict[str, str]) -> None:
        labels = (pairs.get("name", ""), pairs.get("address", ""))
        status = pairs.get("status", "")
        self._table.set(STATUS.family, float(status == "ok"), *labels, status)
        for family, field in ((SLAVES.family, "slaves"), (SENTINELS.family, "sentinels")):
            number = parse_amount(pairs.get(field, ""))
            if number is not None:
                self._table.set(family, number, *labels)
