"""Threads that read and write for clients, one by one."""

import re
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.lines import LineReader, NumbersLine
from exporter.sampling.info_text import parse_amount, parse_named_amounts

_THREAD: Final = ("thread",)

CLIENTS: Final = Family("redis_io_thread_clients", Kind.GAUGE, "Clients that an I/O thread serves.", _THREAD)
READS: Final = Family("redis_io_thread_reads_total", Kind.COUNTER, "Reads of an I/O thread.", _THREAD)
WRITES: Final = Family("redis_io_thread_writes_total", Kind.COUNTER, "Writes of an I/O thread.", _THREAD)
ACTIVE: Final = Family(
    "redis_io_thread_active_time_seconds_total", Kind.COUNTER, "Time that an I/O thread had to do.", _THREAD
)
FAMILIES: Final = (CLIENTS, READS, WRITES, ACTIVE)

# Redis 8.0: `io_thread_1:clients=2,reads=30,writes=30`. Valkey 9.1: `used_active_time_io_thread_1:0.000064`.
_COUNTS: Final = re.compile(r"io_thread_(\d{1,3})", re.ASCII)
_TIME: Final = re.compile(r"used_active_time_io_thread_(\d{1,3})", re.ASCII)
_FIELDS: Final = {"clients": CLIENTS, "reads": READS, "writes": WRITES}


def read_thread(key: str, text: str, table: SeriesTable) -> LineReader:
    """One line about one thread; None where it is no such line."""
    time = _TIME.fullmatch(key)
    if time is not None:
        handle = table.handle(ACTIVE, time[1])
        if handle is not None:
            table.values[handle] = parse_amount(text)
        return handle
    counts = _COUNTS.fullmatch(key)
    if counts is None:
        return None
    names, _ = parse_named_amounts(text)
    line = NumbersLine(names, [])
    for place, name in enumerate(names):
        if name in _FIELDS:
            line.add(place, table.handle(_FIELDS[name], counts[1]))
    line.read(text, table.values)
    return line
