"""Streams that the configuration names, their groups and consumers: XINFO."""

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.config.samplers.keys import StreamsSection
from exporter.connection import Client, Command, Reply
from exporter.errors import ReplyError
from exporter.model.sample import Family, Kind
from exporter.samplers.keys.scan import PatternScan, PatternScans, ask_keys
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.keyed import CountingClient
from exporter.sampling.replies import field_map, label_text, parse_value

_STREAM: Final = ("db", "stream")
_GROUP: Final = (*_STREAM, "group")
_CONSUMER: Final = (*_GROUP, "consumer")


def _family(name: str, help_text: str, labels: tuple[str, ...], kind: Kind = Kind.GAUGE) -> Family:
    return Family(f"redis_stream_{name}", kind, help_text, labels)


# Field of XINFO, and the metric that it becomes.
_STREAM_FIELDS: Final = {
    "length": _family("length", "Entries of a stream.", _STREAM),
    "radix-tree-keys": _family("radix_tree_keys", "Nodes that hold entries.", _STREAM),
    "radix-tree-nodes": _family("radix_tree_nodes", "Nodes of the stream's tree.", _STREAM),
    "groups": _family("groups", "Consumer groups of a stream.", _STREAM),
    "entries-added": _family(
        "entries_added_total", "Entries that were ever added to a stream.", _STREAM, Kind.COUNTER
    ),
}
_STREAM_IDS: Final = {
    "last-generated-id": _family("last_generated_id", "Newest id, as milliseconds since the epoch.", _STREAM),
    "max-deleted-entry-id": _family(
        "max_deleted_entry_id", "Newest id that was deleted, as milliseconds since the epoch.", _STREAM
    ),
    "first-entry": _family("first_entry_id", "Oldest entry, as milliseconds since the epoch.", _STREAM),
    "last-entry": _family("last_entry_id", "Newest entry, as milliseconds since the epoch.", _STREAM),
}
_GROUP_FIELDS: Final = {
    "consumers": _family("group_consumers", "Consumers of a group.", _GROUP),
    "pending": _family("group_messages_pending", "Entries delivered and not yet acknowledged.", _GROUP),
    "entries-read": _family("group_entries_read", "Entries that a group has read.", _GROUP),
    "lag": _family(
        "group_lag", "Entries that a group has not read yet; missing where the server cannot tell.", _GROUP
    ),
}
LAST_DELIVERED: Final = _family(
    "group_last_delivered_id", "Newest id delivered to a group, as milliseconds since the epoch.", _GROUP
)
CONSUMER_PENDING: Final = _family(
    "group_consumer_messages_pending", "Entries that a consumer has not acknowledged.", _CONSUMER
)
CONSUMER_IDLE: Final = _family(
    "group_consumer_idle_seconds", "Time since a consumer last tried to read.", _CONSUMER
)
FAMILIES: Final = (
    *_STREAM_FIELDS.values(),
    *_STREAM_IDS.values(),
    *_GROUP_FIELDS.values(),
    LAST_DELIVERED,
    CONSUMER_PENDING,
    CONSUMER_IDLE,
)


class StreamsSampler:
    """Looks at streams of one server, over a connection of its own: it selects databases."""

    def __init__(self, context: SamplerContext[StreamsSection]) -> None:
        settings = context.settings
        self._settings = settings
        self._table = context.table
        self._facts = context.facts
        self._connection = context.connect("redis-vigil-streams")
        self._client = CountingClient(self._connection, context.facts)
        self._cap = context.new_cap("stream", settings.max_streams)
        self._group_cap = context.new_cap("group", settings.max_groups)
        self._singles = [
            *settings.check_single,
            *(choice for choice in settings.check if not choice.is_pattern),
        ]
        self._scans = [
            PatternScan(choice, batch_size=settings.batch_size, limit=settings.max_streams)
            for choice in settings.check
            if choice.is_pattern
        ]
        self._pattern_scans = PatternScans(self._scans, context, settings.max_scanned)

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        if self._settings.skips(self._facts.server.role):
            return
        await self._pattern_scans.resume(self._connection)
        chosen = [(choice.database, choice.name.encode()) for choice in self._singles]
        for scan in self._scans:
            chosen += [(scan.choice.database, key) for key in scan.found]
        unique = list(dict.fromkeys(chosen))
        self._cap.leave_out(len(unique) - self._settings.max_streams)
        by_database: dict[int, list[bytes]] = {}
        for database, key in unique[: self._settings.max_streams]:
            by_database.setdefault(database, []).append(key)
        for database, keys in by_database.items():
            await self._look(database, keys)

    async def _look(self, database: int, keys: Sequence[bytes]) -> None:
        # What is no stream would answer to these with an error.
        types = ask_keys(self._client, database, keys, lambda key: (("TYPE", key),))
        streams = [key async for key, (kind,) in types if kind == b"stream"]
        questions = ask_keys(
            self._client,
            database,
            streams,
            lambda key: (("XINFO", "STREAM", key), ("XINFO", "GROUPS", key)),
            at_a_time=20,
        )
        async for key, (stream, groups) in questions:
            # Gone, no stream, or another node's.
            if isinstance(stream, ReplyError):
                continue
            labels = (f"db{database}", label_text(key))
            self._write_stream(field_map(stream), labels)
            names = self._write_groups(groups, labels)
            if self._settings.consumers and names:
                await self._look_at_consumers(database, key, names, labels)

    def _write_stream(self, fields: Mapping[str, Reply], labels: tuple[str, str]) -> None:
        for field, family in _STREAM_FIELDS.items():
            value = parse_value(fields.get(field))
            if value is not None:
                self._table.set(family, value, *labels)
        for field, family in _STREAM_IDS.items():
            milliseconds = _milliseconds(fields.get(field))
            if milliseconds is not None:
                self._table.set(family, milliseconds, *labels)

    def _write_groups(self, reply: Reply, labels: tuple[str, str]) -> Sequence[bytes]:
        groups = [field_map(group) for group in reply] if isinstance(reply, list) else []
        limit = self._settings.max_groups
        self._group_cap.leave_out(len(groups) - limit)
        names = []
        for group in groups[:limit]:
            name = group.get("name")
            if not isinstance(name, bytes):
                continue
            names.append(name)
            for field, family in _GROUP_FIELDS.items():
                value = parse_value(group.get(field))
                if value is not None:
                    self._table.set(family, value, *labels, label_text(name))
            delivered = _milliseconds(group.get("last-delivered-id"))
            if delivered is not None:
                self._table.set(LAST_DELIVERED, delivered, *labels, label_text(name))
        return names

    async def _look_at_consumers(
        self, database: int, key: bytes, groups: Sequence[bytes], labels: tuple[str, str]
    ) -> None:
        commands: list[Command] = [("XINFO", "CONSUMERS", key, group) for group in groups]
        _, *replies = await self._client.pipeline([("SELECT", database), *commands])
        limit = self._settings.max_groups
        for group, reply in zip(groups, replies, strict=True):
            consumers = [field_map(consumer) for consumer in reply] if isinstance(reply, list) else []
            self._group_cap.leave_out(len(consumers) - limit)
            for consumer in consumers[:limit]:
                names = (*labels, label_text(group), label_text(consumer.get("name")))
                pending, idle = parse_value(consumer.get("pending")), parse_value(consumer.get("idle"))
                self._table.set(CONSUMER_PENDING, pending or 0.0, *names)
                self._table.set(CONSUMER_IDLE, (idle or 0.0) / 1e3, *names)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()


def _milliseconds(reply: Reply) -> float | None:
    """The time in an id (`1700000000000-0`), or in that of an entry; None where there is none."""
    if isinstance(reply, list):
        reply = reply[0] if reply else None
    head = label_text(reply).partition("-")[0]
    return float(head) if head.isdecimal() else None


SPEC: Final = SamplerSpec(
    "streams",
    StreamsSection,
    FAMILIES,
    StreamsSampler,
    own_connection=True,
    command="SCAN",
)
