"""Threads that read and write for clients, one by one."""

import re
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.cpu import THREAD_ACTIVE_TIME
from exporter.samplers.info.fields.threads import CLIENTS, READS, WRITES
from exporter.samplers.info.line_reader import LineReader, NamedNumbersReader, read_number
from exporter.sampling.info_text import parse_named_amounts

# Redis 8.0: `io_thread_1:clients=2,reads=30,writes=30`. Valkey 9.1: `used_active_time_io_thread_1:0.000064`.
_COUNTS: Final = re.compile(r"io_thread_(\d{1,3})", re.ASCII)
_TIME: Final = re.compile(r"used_active_time_io_thread_(\d{1,3})", re.ASCII)
_FIELDS: Final = {"clients": CLIENTS.family, "reads": READS.family, "writes": WRITES.family}


def read_thread(key: str, text: str, table: SeriesTable) -> LineReader | None:
    """Read a line about one thread; None if it is no such line."""
    time = _TIME.fullmatch(key)
    if time is not None:
        return read_number(table.index(THREAD_ACTIVE_TIME.family, time[1]), text, table.values)
    counts = _COUNTS.fullmatch(key)
    if counts is None:
        return None
    names, _ = parse_named_amounts(text)
    line = NamedNumbersReader(names)
    for place, name in enumerate(names):
        if name in _FIELDS:
            line.add(place, table.index(_FIELDS[name], counts[1]))
    line.read(text, table.values)
    return line
