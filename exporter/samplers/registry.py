"""Every sampler there is, in the order in which a target runs them."""

from typing import Final

from exporter.model.sample import Family
from exporter.samplers import info, slowlog, status
from exporter.samplers.base import SamplerSpec

SAMPLERS: Final[tuple[SamplerSpec, ...]] = (info.SPEC, slowlog.SPEC)


def declared_families() -> tuple[Family, ...]:
    """Every family that some sampler can produce, for `check rules`, the dashboards' tests and the docs."""
    return (*status.FAMILIES, *(family for spec in SAMPLERS for family in spec.families))
