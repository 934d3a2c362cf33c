"""One sampler of one target, as it is planned and as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exporter.errors import Reason
from exporter.metrics import SeriesTable
from exporter.samplers.base import AdaptiveSampler, RestingSampler, Sampler, SamplerSpec
from exporter.samplers.status import SamplerStatus


@dataclass(frozen=True, slots=True)
class SamplerPlan:
    """One sampler as configured for one target."""

    spec: SamplerSpec
    settings: Any
    interval_seconds: float
    timeout_seconds: float


@dataclass(slots=True)
class Slot:
    """One sampler of the target, with what it writes into; `run_id` is that of the server in its last good
    pass."""

    plan: SamplerPlan
    sampler: Sampler
    table: SeriesTable
    status: SamplerStatus
    adaptive: AdaptiveSampler | None
    resting: RestingSampler | None
    busy: bool = False
    refused_until: float = 0.0
    run_id: str = ""


def outcomes(slots: Sequence[Slot]) -> Sequence[tuple[bool, Reason | None]]:
    """How the last pass of each of these samplers went."""
    return [(slot.status.success, slot.status.reason) for slot in slots]
