"""Our own look-ups of keys, which the server counts among everybody's hits and misses."""

from dataclasses import dataclass
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind

HITS: Final = Family(
    "redis_vigil_own_keyspace_hits_total",
    Kind.COUNTER,
    "Hits in redis_keyspace_hits_total that are this daemon's own look-ups.",
)
MISSES: Final = Family(
    "redis_vigil_own_keyspace_misses_total",
    Kind.COUNTER,
    "Misses in redis_keyspace_misses_total that are this daemon's own look-ups.",
)
FAMILIES: Final = (HITS, MISSES)


@dataclass(slots=True)
class Lookups:
    """What all samplers of one target have looked up: counted from the replies."""

    hits: int = 0
    misses: int = 0

    def write(self, table: SeriesTable) -> None:
        """Write the counters; beside the server's own, so that both are of one moment."""
        table.set(HITS, float(self.hits))
        table.set(MISSES, float(self.misses))
