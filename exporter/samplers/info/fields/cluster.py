"""INFO section Cluster: whether the server is a node of a cluster (its state: see `cluster_info`)."""

from typing import Final

from exporter.samplers.info.fields.declaration import FLAG, Field, Gauge

SECTION: Final = "Cluster"

FIELDS: Final[tuple[Field, ...]] = (
    Gauge(
        "cluster_enabled",
        "redis_cluster_enabled",
        "Whether the server runs in cluster mode.",
        unit=FLAG,
        since="3.0",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = ()
