"""The keys sampler: sizes and values of the keys that the configuration names, and numbers of keys."""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final

from exporter.config.samplers.keys import KeysSection
from exporter.connection import Client
from exporter.errors import ReplyError
from exporter.model.key_choice import KeyChoice
from exporter.model.sample import Family, Kind
from exporter.samplers.keys.scan import PatternScan, PatternScans, ask_keys
from exporter.samplers.keys.sizes import parse_size, parse_string, size_commands
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.keyed import CountingClient
from exporter.sampling.replies import label_text, parse_value

_LABELS: Final = ("db", "key")

SIZE: Final = Family("redis_key_size", Kind.GAUGE, "Length or number of members of a key.", _LABELS)
VALUE: Final = Family("redis_key_value", Kind.GAUGE, "Value of a string that is a number.", _LABELS)
VALUE_TEXT: Final = Family(
    "redis_key_value_as_string", Kind.GAUGE, "Value of a string; always 1.", (*_LABELS, "val")
)
MEMORY: Final = Family("redis_key_memory_usage_bytes", Kind.GAUGE, "Memory that a key takes.", _LABELS)
COUNT: Final = Family("redis_keys_count", Kind.GAUGE, "Keys that match a pattern.", _LABELS)


class KeysSampler:
    """Looks at keys of one server, over a connection of its own: it selects databases."""

    def __init__(self, context: SamplerContext[KeysSection]) -> None:
        settings = context.settings
        self._settings = settings
        self._table = context.table
        self._facts = context.facts
        self._connection = context.connect("redis-vigil-keys")
        self._client = CountingClient(self._connection, context.facts)
        self._cap = context.new_cap("key", settings.max_keys)
        self._singles = [
            *settings.check_single,
            *(choice for choice in settings.check if not choice.is_pattern),
        ]
        self._scans = [
            self._scan(choice, settings.max_keys) for choice in settings.check if choice.is_pattern
        ]
        self._counts = [self._scan(choice, 1_000_000) for choice in settings.count]
        self._pattern_scans = PatternScans([*self._scans, *self._counts], context, settings.max_scanned)

    def _scan(self, choice: KeyChoice, limit: int) -> PatternScan:
        return PatternScan(choice, batch_size=self._settings.batch_size, limit=limit)

    async def sample(self, connection: Client, at: float) -> None:
        """One pass (see `Sampler`)."""
        if self._settings.skips(self._facts.server.role):
            return
        await self._pattern_scans.resume(self._connection)
        for scan in self._counts:
            if scan.count is not None:
                self._table.set(COUNT, float(scan.count), f"db{scan.choice.database}", scan.choice.name)
        for database, keys in self._chosen().items():
            await self._look(database, keys)

    def _chosen(self) -> Mapping[int, list[bytes]]:
        """The keys to look at, by database, as many as are allowed."""
        chosen = [(choice.database, choice.name.encode()) for choice in self._singles]
        for scan in self._scans:
            chosen += [(scan.choice.database, key) for key in scan.found]
            self._cap.leave_out((scan.count or 0) - len(scan.found))
        unique = list(dict.fromkeys(chosen))
        limit = self._settings.max_keys
        self._cap.leave_out(len(unique) - limit)
        by_database: dict[int, list[bytes]] = {}
        for database, key in unique[:limit]:
            by_database.setdefault(database, []).append(key)
        return by_database

    async def _look(self, database: int, keys: list[bytes]) -> None:
        kinds: dict[bytes, object] = {}
        questions = ask_keys(
            self._client, database, keys, lambda key: (("TYPE", key), ("MEMORY", "USAGE", key))
        )
        async for key, (kind, memory) in questions:
            # In a cluster a key may be another node's: that is no size of 0.
            if isinstance(kind, ReplyError):
                continue
            kinds[key] = kind
            usage = parse_value(memory)
            if usage is not None:
                self._table.set(MEMORY, usage, f"db{database}", label_text(key))
        self._write_missing(database, (key for key, kind in kinds.items() if kind == b"none"))
        present = [key for key, kind in kinds.items() if kind != b"none"]
        sizes = ask_keys(self._client, database, present, lambda key: size_commands(key, kinds[key]))
        async for key, replies in sizes:
            size = parse_size(replies)
            if size is not None:
                self._table.set(SIZE, size, f"db{database}", label_text(key))
            self._write_value(database, key, parse_string(replies))

    def _write_missing(self, database: int, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._table.set(SIZE, 0.0, f"db{database}", label_text(key))

    def _write_value(self, database: int, key: bytes, value: bytes | None) -> None:
        wanted = self._settings.values
        if value is None or wanted == "none":
            return
        parsed = parse_value(value)
        if parsed is not None and isfinite(parsed):
            self._table.set(VALUE, parsed, f"db{database}", label_text(key))
        elif wanted == "all":
            self._table.set(VALUE_TEXT, 1.0, f"db{database}", label_text(key), label_text(value))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()


SPEC: Final = SamplerSpec(
    "keys",
    KeysSection,
    (SIZE, VALUE, VALUE_TEXT, MEMORY, COUNT),
    KeysSampler,
    own_connection=True,
    command="SCAN",
)
