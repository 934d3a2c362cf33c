"""INFO section Modules: one line per loaded module (what modules tell themselves: `module_fields`)."""

from typing import Final

from exporter.samplers.info.fields.declaration import ALWAYS_ONE, Field, Gauge

SECTION: Final = "Modules"

MODULE_INFO: Final = Gauge(
    "module",
    "redis_module_info",
    "A module that is loaded, its version and its relations to others, as labels.",
    unit=ALWAYS_ONE,
    since="6.0",
    labels=("name", "ver", "api", "filters", "usedby", "using"),
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (MODULE_INFO,)
