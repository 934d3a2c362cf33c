"""Keyspace: one line per database that holds keys."""

from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.lines import LineReader
from exporter.samplers.info.parser import parse_named_numbers, whole

KEYS: Final = Family("redis_db_keys", Kind.GAUGE, "Keys per database.", ("db",))
KEYS_EXPIRING: Final = Family(
    "redis_db_keys_expiring", Kind.GAUGE, "Keys with a time to live per database.", ("db",)
)
KEYS_CACHED: Final = Family("redis_db_keys_cached", Kind.GAUGE, "Cached keys per database.", ("db",))
AVG_TTL: Final = Family(
    "redis_db_avg_ttl_seconds", Kind.GAUGE, "Mean time to live, as the server estimates it.", ("db",)
)
EXPIRING_ITEMS: Final = Family(
    "redis_db_keys_with_expiring_items",
    Kind.GAUGE,
    "Keys of which single fields have a time to live, per database.",
    ("db",),
)
FAMILIES: Final = (KEYS, KEYS_EXPIRING, KEYS_CACHED, AVG_TTL, EXPIRING_ITEMS)

_FIELDS: Final = {
    "keys": (KEYS, 1.0),
    "expires": (KEYS_EXPIRING, 1.0),
    "cached_keys": (KEYS_CACHED, 1.0),
    "avg_ttl": (AVG_TTL, 1e-3),
    # Redis' and Valkey's names of the same.
    "subexpiry": (EXPIRING_ITEMS, 1.0),
    "keys_with_volatile_items": (EXPIRING_ITEMS, 1.0),
}


class KeyspaceReader:
    """Makes the readers of the section's lines, and knows the keys by number of the database."""

    def __init__(self, table: SeriesTable) -> None:
        self._table = table
        self.keys: dict[int, int] = {}

    def begin(self) -> None:
        """A reply is read anew."""
        self.keys = {}

    def read_database(self, name: str, text: str) -> LineReader:
        """`db0:keys=4,expires=0,avg_ttl=0`."""
        names, _ = parse_named_numbers(text)
        if not name.startswith("db") or not name[2:].isdecimal() or "keys" not in names:
            return None
        table, database, position = self._table, int(name[2:]), names.index("keys")
        handles = [
            (names.index(field), scale, table.handle(family, name))
            for field, (family, scale) in _FIELDS.items()
            if field in names
        ]

        def read(text: str) -> bool:
            names_now, numbers = parse_named_numbers(text)
            if names_now != names:
                return False
            values = table.values
            for index, scale, handle in handles:
                if handle is not None:
                    values[handle] = numbers[index] * scale
            self.keys[database] = whole(numbers[position])
            return True

        read(text)
        return read

    def fill_empty(self, databases: int) -> None:
        """Show the databases below this number that hold nothing with 0 keys."""
        for database in range(databases):
            if database not in self.keys:
                self._table.set(KEYS, 0.0, f"db{database}")
                self._table.set(KEYS_EXPIRING, 0.0, f"db{database}")
