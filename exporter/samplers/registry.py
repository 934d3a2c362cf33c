"""The registry of samplers, in the order in which a target runs them."""

from typing import Final

from exporter import keyspace, queues
from exporter.model.sample import Family
from exporter.samplers import (
    acl,
    changes,
    clients,
    command_latency,
    info,
    keys,
    latency,
    memory,
    modules,
    scripts,
    sentinel,
    server_config,
    slowlog,
    status,
    streams,
)
from exporter.sampling.order import in_order

# The slow log comes before all that could be in it. What a sampler needs comes before it in any case.
SAMPLERS: Final = in_order(
    (
        info.SPEC,
        slowlog.SPEC,
        latency.SPEC,
        command_latency.SPEC,
        clients.SPEC,
        server_config.SPEC,
        changes.SPEC,
        memory.SPEC,
        acl.SPEC,
        sentinel.SPEC,
        modules.SPEC,
        keys.SPEC,
        streams.SPEC,
        scripts.SPEC,
        queues.SPEC,
        keyspace.SPEC,
    )
)


def declared_families() -> tuple[Family, ...]:
    """Return every family that some sampler can produce, for `check rules`, dashboards and docs."""
    return (*status.FAMILIES, *(family for spec in SAMPLERS for family in spec.families))
