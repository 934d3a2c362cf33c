"""Keyspace: one line per database that holds keys."""

from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.parser import Section, parse_number, parse_pairs

KEYS: Final = Family("redis_db_keys", Kind.GAUGE, "Keys per database.", ("db",))
KEYS_EXPIRING: Final = Family(
    "redis_db_keys_expiring", Kind.GAUGE, "Keys with a time to live per database.", ("db",)
)
KEYS_CACHED: Final = Family("redis_db_keys_cached", Kind.GAUGE, "Cached keys per database.", ("db",))
AVG_TTL: Final = Family(
    "redis_db_avg_ttl_seconds", Kind.GAUGE, "Mean time to live, as the server estimates it.", ("db",)
)
FAMILIES: Final = (KEYS, KEYS_EXPIRING, KEYS_CACHED, AVG_TTL)

_FIELDS: Final = (
    ("keys", KEYS, 1.0),
    ("expires", KEYS_EXPIRING, 1.0),
    ("cached_keys", KEYS_CACHED, 1.0),
    ("avg_ttl", AVG_TTL, 1e-3),
)


def read_keyspace(section: Section, table: SeriesTable, databases: int) -> dict[int, int]:
    """Write the counts per database, zero for the empty ones below `databases`; returns keys by database."""
    for database in range(databases):
        table.set(KEYS, 0.0, f"db{database}")
        table.set(KEYS_EXPIRING, 0.0, f"db{database}")
    keys_by_database = {}
    for name, value in section:
        pairs = parse_pairs(value)
        if not name.startswith("db") or "keys" not in pairs:
            continue
        for field, family, scale in _FIELDS:
            number = parse_number(pairs.get(field, ""))
            if number is not None:
                table.set(family, number * scale, name)
        if name[2:].isdecimal():
            keys_by_database[int(name[2:])] = int(parse_number(pairs["keys"]) or 0)
    return keys_by_database
