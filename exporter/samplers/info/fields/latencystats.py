"""INFO section Latencystats: one line per command, `latency_percentiles_usec_get:p50=1.003,p99=2.007`."""

from typing import Final

from exporter.samplers.info.fields.declaration import MICROSECONDS, Field, Summary

SECTION: Final = "Latencystats"

LATENCY_PERCENTILES: Final = Summary(
    "latency_percentiles_usec_*",
    "redis_latency_percentiles_usec",
    "Server time per call of a command; quantiles are in percent, as in redis_exporter.",
    unit=MICROSECONDS,
    since="7.0",
    labels=("cmd",),
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (LATENCY_PERCENTILES,)
