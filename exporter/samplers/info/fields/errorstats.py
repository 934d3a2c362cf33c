"""INFO section Errorstats: one line per error code, `errorstat_ERR:count=4`."""

from typing import Final

from exporter.samplers.info.fields.declaration import Counter, Field

SECTION: Final = "Errorstats"

ERRORS: Final = Counter(
    "errorstat_*: count", "redis_errors_total", "Error replies by their code.", since="6.2", labels=("err",)
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (ERRORS,)
