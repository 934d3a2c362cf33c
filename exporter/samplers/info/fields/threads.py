"""INFO section Threads: one line per I/O thread, `io_thread_1:clients=2,reads=30,writes=30`."""

from typing import Final

from exporter.samplers.info.fields.declaration import Counter, Field, Gauge

SECTION: Final = "Threads"

_THREAD: Final = ("thread",)

CLIENTS: Final = Gauge(
    "io_thread_*: clients",
    "redis_io_thread_clients",
    "Clients that an I/O thread serves.",
    since="8.0",
    labels=_THREAD,
)
READS: Final = Counter(
    "io_thread_*: reads",
    "redis_io_thread_reads_total",
    "Reads from sockets by an I/O thread.",
    since="8.0",
    labels=_THREAD,
)
WRITES: Final = Counter(
    "io_thread_*: writes",
    "redis_io_thread_writes_total",
    "Writes to sockets by an I/O thread.",
    since="8.0",
    labels=_THREAD,
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (CLIENTS, READS, WRITES)
