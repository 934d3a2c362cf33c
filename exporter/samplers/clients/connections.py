"""Connections one by one, under the names of redis_exporter's `--export-client-list`."""

from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.clients.entry import ClientList, host_of, port_of
from exporter.sampling.info_text import parse_amount
from exporter.time_slice import TimeSlice

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


async def write_connections(
    clients: ClientList, table: SeriesTable, at: float, *, limit: int, with_port: bool
) -> None:
    """Write the first `limit` connections; `at` is now, in epoch seconds. Gives way to the event loop."""
    turn = TimeSlice()
    for fields in clients.fields(limit):
        if turn.is_over:
            await turn.yield_control()
        address = fields.get("addr", "")
        values = {**fields, "host": host_of(address), "port": port_of(address) if with_port else ""}
        table.set(INFO, 1.0, *(values.get(name, "") for name in _INFO_LABELS))
        labels = (fields.get("id", ""), fields.get("name", ""))
        for family, field in ((CREATED, "age"), (IDLE_SINCE, "idle")):
            seconds = parse_amount(fields.get(field, ""))
            if seconds is not None:
                table.set(family, int(at) - seconds, *labels)
        for field, family in NUMBERS.items():
            number = parse_amount(fields.get(field, ""))
            if number is not None:
                table.set(family, number, *labels)
