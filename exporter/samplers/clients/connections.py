"""Connections one by one, under the names of redis_exporter's `--export-client-list`."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.clients.entry import ClientEntry

_INFO_LABELS: Final = ("id", "name", "flags", "db", "host", "port", "user", "resp")


def _gauge(name: str, text: str) -> Family:
    return Family(f"redis_connected_client_{name}", Kind.GAUGE, text, ("id", "name"))


INFO: Final = Family("redis_connected_client_info", Kind.GAUGE, "A connection; always 1.", _INFO_LABELS)
CREATED: Final = _gauge("created_at_timestamp", "When a connection was made, in seconds since the epoch.")
IDLE_SINCE: Final = _gauge("idle_since_timestamp", "Since when a connection has been idle.")
SHARD_CHANNELS: Final = _gauge("shard_channel_subscriptions_count", "Shard channels that it listens to.")
WATCHED: Final = _gauge("shard_channel_watched_keys", "Keys that it watches.")
NUMBERS: Final = {
    "omem": _gauge("output_buffer_memory_usage_bytes", "Memory of its output buffer."),
    "tot-mem": _gauge("total_memory_consumed_bytes", "Memory of all its buffers."),
    "sub": _gauge("channel_subscriptions_count", "Channels that it listens to."),
    "psub": _gauge("pattern_matching_subscriptions_count", "Patterns of channels that it listens to."),
    "ssub": SHARD_CHANNELS,
    "watch": WATCHED,
    "qbuf": _gauge("query_buffer_length_bytes", "Length of its query buffer."),
    "qbuf-free": _gauge("query_buffer_free_space_bytes", "Free space of its query buffer."),
    "obl": _gauge("output_buffer_length_bytes", "Length of its output buffer."),
    "oll": _gauge("output_list_length", "Replies that wait in its output list."),
}
FAMILIES: Final = (INFO, CREATED, IDLE_SINCE, *NUMBERS.values())


def write_connections(
    clients: Iterable[ClientEntry], table: SeriesTable, at: float, *, limit: int, with_port: bool
) -> None:
    """Write the first `limit` connections; `at` is now, in epoch seconds."""
    for client in islice(clients, limit):
        values = {**client.fields, "host": client.host, "port": client.port if with_port else ""}
        table.set(INFO, 1.0, *(values.get(name, "") for name in _INFO_LABELS))
        labels = (client.text("id"), client.text("name"))
        for family, field in ((CREATED, "age"), (IDLE_SINCE, "idle")):
            seconds = client.number(field)
            if seconds is not None:
                table.set(family, int(at) - seconds, *labels)
        for field, family in NUMBERS.items():
            number = client.number(field)
            if number is not None:
                table.set(family, number, *labels)
