"""Connections counted by what they have in common."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.clients.entry import ClientList, host_of, kind_of
from exporter.time_slice import TimeSlice

NONE: Final = "none"


def _count(name: str, text: str, *labels: str) -> Family:
    return Family(f"redis_clients_by_{name}", Kind.GAUGE, text, labels)


BY_NAME: Final = _count("name", "Connections by the name that the client gave itself.", "name")
BY_USER: Final = _count("user", "Connections by user.", "user")
BY_HOST: Final = _count("host", "Connections by the client's address.", "host")
BY_LIBRARY: Final = _count("library", "Connections by client library, where it tells.", "library", "version")
BY_DATABASE: Final = _count("database", "Connections by selected database.", "db")
BY_KIND: Final = _count("kind", "Connections by what they are there for.", "kind")
BY_IDLE: Final = _count("idle", "Connections by how long they have been idle.", "idle")
OUTPUT_BUFFERS: Final = Family(
    "redis_clients_output_buffer_bytes", Kind.GAUGE, "Memory of all clients' output buffers."
)
OUTPUT_BUFFER_MAX: Final = Family(
    "redis_clients_output_buffer_max_bytes", Kind.GAUGE, "Memory of the largest client's output buffer."
)
QUERY_BUFFERS: Final = Family(
    "redis_clients_query_buffer_bytes", Kind.GAUGE, "Memory of all clients' query buffers."
)
MEMORY_MAX: Final = Family(
    "redis_clients_memory_max_bytes", Kind.GAUGE, "Memory of the client that takes most."
)
OLDEST: Final = Family("redis_clients_oldest_age_seconds", Kind.GAUGE, "Age of the oldest connection.")
LONGEST_IDLE: Final = Family(
    "redis_clients_longest_idle_seconds", Kind.GAUGE, "How long the idlest connection has been idle."
)
FAMILIES: Final = (
    BY_NAME,
    BY_USER,
    BY_HOST,
    BY_LIBRARY,
    BY_DATABASE,
    BY_KIND,
    BY_IDLE,
    OUTPUT_BUFFERS,
    OUTPUT_BUFFER_MAX,
    QUERY_BUFFERS,
    MEMORY_MAX,
    OLDEST,
    LONGEST_IDLE,
)

# Upper ends in seconds, and the label values.
_IDLE: Final = ((10.0, "0s-10s"), (60.0, "10s-1m"), (600.0, "1m-10m"), (3600.0, "10m-1h"))
_IDLEST: Final = "1h+"
_EXTREMES: Final = (
    (OUTPUT_BUFFERS, "omem", sum),
    (OUTPUT_BUFFER_MAX, "omem", max),
    (QUERY_BUFFERS, "qbuf", sum),
    (MEMORY_MAX, "tot-mem", max),
    (OLDEST, "age", max),
    (LONGEST_IDLE, "idle", max),
)


async def write_aggregate(clients: ClientList, table: SeriesTable, caps: Mapping[str, LabelCap]) -> None:
    """Write all counts; `caps` by label. Gives way to the event loop between them, where there are many."""
    turn = TimeSlice()
    for family, label in ((BY_NAME, "name"), (BY_USER, "user"), (BY_DATABASE, "db")):
        _write(family, clients.counts(label), table, caps[label])
        if turn.is_over:
            await turn.yield_control()
    # Many connections have few addresses, and fewer kinds of flags.
    hosts: Counter[str] = Counter()
    for address, count in clients.counts("addr").items():
        hosts[host_of(address)] += count
    _write(BY_HOST, hosts, table, caps["host"])
    if turn.is_over:
        await turn.yield_control()
    kinds: Counter[str] = Counter()
    for flags, count in clients.counts("flags").items():
        kinds[kind_of(flags)] += count
    for kind, count in kinds.items():
        table.set(BY_KIND, float(count), kind)
    _write_idle(clients.numbers("idle"), table)
    if turn.is_over:
        await turn.yield_control()
    _write_libraries(clients, table, caps["library"])
    for family, field, combine in _EXTREMES:
        if turn.is_over:
            await turn.yield_control()
        numbers = clients.numbers(field)
        if numbers:
            table.set(family, combine(numbers))


def _write(family: Family, counts: Mapping[str, int], table: SeriesTable, cap: LabelCap) -> None:
    for value, count in cap.fold_counts(counts).items():
        table.set(family, float(count), value or NONE)


def _write_idle(seconds: Sequence[float], table: SeriesTable) -> None:
    ordered = sorted(seconds)
    below = 0
    for end, bucket in _IDLE:
        position = bisect_left(ordered, end)
        table.set(BY_IDLE, float(position - below), bucket)
        below = position
    table.set(BY_IDLE, float(len(ordered) - below), _IDLEST)


def _write_libraries(clients: ClientList, table: SeriesTable, cap: LabelCap) -> None:
    if "lib-name" not in clients:
        return
    told = Counter(zip(clients.texts("lib-name"), clients.texts("lib-ver"), strict=True))
    counts = Counter({" ".join(pair).rstrip(): count for pair, count in told.items()})
    for value, count in cap.fold_counts(counts).items():
        library, _, version = value.partition(" ")
        table.set(BY_LIBRARY, float(count), library or NONE, version)
