"""INFO section Scripting Engines of Valkey: `engine_0:name=LUA,module=lua,abi_version=4,…`."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import ALWAYS_ONE, BYTES, Field, Gauge

SECTION: Final = "Scripting Engines"

_gauge: Final = partial(Gauge, since="Valkey 9.1", labels=("engine", "module", "abi_version"))

ENGINE: Final = _gauge(
    "engine_*", "redis_scripting_engine_info", "An engine that runs scripts, as labels.", unit=ALWAYS_ONE
)
USED: Final = _gauge(
    "engine_*: used_memory", "redis_scripting_engine_memory_used_bytes", "Memory of an engine.", unit=BYTES
)
OVERHEAD: Final = _gauge(
    "engine_*: memory_overhead",
    "redis_scripting_engine_memory_overhead_bytes",
    "Memory that an engine takes on top.",
    unit=BYTES,
)

FIELDS: Final[tuple[Field, ...]] = (
    Gauge("engines_count", "redis_scripting_engines_count", "Engines that run scripts.", since="Valkey 9.1"),
    Gauge(
        "engines_total_used_memory",
        "redis_scripting_engines_memory_used_bytes",
        "Memory of all engines.",
        unit=BYTES,
        since="Valkey 9.1",
    ),
    Gauge(
        "engines_total_memory_overhead",
        "redis_scripting_engines_memory_overhead_bytes",
        "Memory that all engines take on top.",
        unit=BYTES,
        since="Valkey 9.1",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = (ENGINE, USED, OVERHEAD)
