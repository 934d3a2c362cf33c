"""All INFO fields that stand for one number each, as metric families.

The names are redis_exporter's where it has one, so that its users keep their dashboards and rules.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from exporter.model.sample import Family, Kind
from exporter.samplers.info.fields import (
    clients,
    cpu,
    extra,
    memory,
    modules,
    persistence,
    replication,
    server,
    stats,
    valkey,
)

_GAUGES: Final = (
    server.GAUGES,
    clients.GAUGES,
    memory.GAUGES,
    persistence.GAUGES,
    stats.GAUGES,
    replication.GAUGES,
    valkey.GAUGES,
    extra.GAUGES,
)
_COUNTERS: Final = (stats.COUNTERS, cpu.COUNTERS, valkey.COUNTERS, extra.COUNTERS)


def _families(tables: tuple[Mapping[str, str], ...], kind: Kind) -> Iterator[tuple[str, Family]]:
    for table in tables:
        for field, name in table.items():
            yield field, Family(f"redis_{name}", kind, f"INFO field {field}.")


FIELDS: Final[Mapping[str, Family]] = {
    **dict(_families(_GAUGES, Kind.GAUGE)),
    **dict(_families(_COUNTERS, Kind.COUNTER)),
}
# These come with INFO modules; a plain INFO leaves them out.
MODULE_FIELDS: Final[Mapping[str, Family]] = {
    **dict(_families((modules.GAUGES,), Kind.GAUGE)),
    **dict(_families((modules.COUNTERS,), Kind.COUNTER)),
}
