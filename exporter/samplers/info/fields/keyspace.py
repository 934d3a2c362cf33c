"""INFO section Keyspace: one line per database that holds keys, `db0:keys=4,expires=0,avg_ttl=0`."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import SECONDS, Field, Gauge

SECTION: Final = "Keyspace"

_gauge: Final = partial(Gauge, labels=("db",))

KEYS: Final = _gauge("db*: keys", "redis_db_keys", "Keys per database.", since="1.0")
KEYS_EXPIRING: Final = _gauge(
    "db*: expires", "redis_db_keys_expiring", "Keys with a time to live per database.", since="1.0"
)
KEYS_CACHED: Final = _gauge(
    "db*: cached_keys",
    "redis_db_keys_cached",
    "Keys in memory per database, in front of the storage provider.",
    since="KeyDB 6.3",
)
AVG_TTL: Final = _gauge(
    "db*: avg_ttl",
    "redis_db_avg_ttl_seconds",
    "Mean time to live per database, as the server estimates it.",
    unit=SECONDS,
    since="2.6.15",
    scale=1e-3,
)
EXPIRING_ITEMS: Final = _gauge(
    "db*: subexpiry, keys_with_volatile_items",
    "redis_db_keys_with_expiring_items",
    "Hashes per database of which fields have a time to live.",
    since="7.4, Valkey 9.0",
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (KEYS, KEYS_EXPIRING, KEYS_CACHED, AVG_TTL, EXPIRING_ITEMS)
