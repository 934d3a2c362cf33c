"""Connections counted by what they have in common."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.clients.entry import ClientEntry

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

_LIBRARY_SEPARATOR: Final = "\x00"
# Upper ends in seconds, and the label values.
_IDLE: Final = ((10, "0s-10s"), (60, "10s-1m"), (600, "1m-10m"), (3600, "10m-1h"))
_IDLEST: Final = "1h+"
_EXTREMES: Final = (
    (OUTPUT_BUFFERS, "omem", sum),
    (OUTPUT_BUFFER_MAX, "omem", max),
    (QUERY_BUFFERS, "qbuf", sum),
    (MEMORY_MAX, "tot-mem", max),
    (OLDEST, "age", max),
    (LONGEST_IDLE, "idle", max),
)


def write_aggregate(clients: Sequence[ClientEntry], table: SeriesTable, caps: Mapping[str, LabelCap]) -> None:
    """Write all counts; `caps` by label."""
    for family, label, field in (
        (BY_NAME, "name", "name"),
        (BY_USER, "user", "user"),
        (BY_DATABASE, "db", "db"),
    ):
        _write(family, Counter(client.text(field) or NONE for client in clients), table, caps[label])
    _write(BY_HOST, Counter(client.host or NONE for client in clients), table, caps["host"])
    for kind, count in Counter(client.kind for client in clients).items():
        table.set(BY_KIND, float(count), kind)
    for bucket, count in Counter(_idle_bucket(client.number("idle")) for client in clients).items():
        table.set(BY_IDLE, float(count), bucket)
    _write_libraries(clients, table, caps["library"])
    for family, field, combine in _EXTREMES:
        numbers = [number for client in clients if (number := client.number(field)) is not None]
        if numbers:
            table.set(family, float(combine(numbers)))


def _write(family: Family, counts: Counter[str], table: SeriesTable, cap: LabelCap) -> None:
    for value, count in cap.fold_counts(counts).items():
        table.set(family, float(count), value)


def _write_libraries(clients: Sequence[ClientEntry], table: SeriesTable, cap: LabelCap) -> None:
    told = [client for client in clients if "lib-name" in client.fields]
    counts = Counter(
        f"{client.text('lib-name') or NONE}{_LIBRARY_SEPARATOR}{client.text('lib-ver')}" for client in told
    )
    for value, count in cap.fold_counts(counts).items():
        library, _, version = value.partition(_LIBRARY_SEPARATOR)
        table.set(BY_LIBRARY, float(count), library, version)


def _idle_bucket(seconds: float | None) -> str:
    return next((name for end, name in _IDLE if (seconds or 0.0) < end), _IDLEST)
