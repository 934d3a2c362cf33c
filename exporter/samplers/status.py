"""How the sampling of one target goes: `redis_up`, and per sampler its success, duration, age and error."""

from dataclasses import dataclass
from typing import Final

from exporter.clock import to_milliseconds
from exporter.errors import Reason
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind, Sample
from exporter.model.target import Target

UP: Final = Family("redis_up", Kind.GAUGE, "Whether the server answered the last INFO.")
DURATION: Final = Family(
    "redis_vigil_sampler_duration_seconds", Kind.GAUGE, "How long the sampler's last pass took.", ("sampler",)
)
SUCCESS: Final = Family(
    "redis_vigil_sampler_success", Kind.GAUGE, "Whether the sampler's last pass succeeded.", ("sampler",)
)
ERROR: Final = Family(
    "redis_vigil_sampler_error",
    Kind.GAUGE,
    "Why the sampler's last pass failed: 1 for the one reason that applies.",
    ("sampler", "reason"),
)
AGE: Final = Family(
    "redis_vigil_sample_age_seconds", Kind.GAUGE, "Seconds since the sampler last succeeded.", ("sampler",)
)
FAMILIES: Final = (UP, DURATION, SUCCESS, ERROR, AGE)


@dataclass(slots=True)
class SamplerStatus:
    """The last pass of one sampler; times in epoch seconds, 0 for never."""

    duration_seconds: float = 0.0
    success: bool = False
    reason: Reason | None = None
    message: str = ""
    succeeded_at: float = 0.0
    attempted_at: float = 0.0


class TargetStatus:
    """The state of one target, and the series that tell it."""

    def __init__(self, target: Target) -> None:
        self.source = f"{target.instance}/status"
        self.up: bool | None = None
        self.samplers: dict[str, SamplerStatus] = {}
        self._table = SeriesTable(self.source, target.series_labels)

    def sample(self, at: float) -> Sample:
        """All series as of now (epoch seconds)."""
        table = self._table
        if self.up is not None:
            table.set(UP, float(self.up))
        for name, status in self.samplers.items():
            table.set(DURATION, status.duration_seconds, name)
            table.set(SUCCESS, float(status.success), name)
            if status.succeeded_at:
                table.set(AGE, max(0.0, at - status.succeeded_at), name)
            if status.reason is not None:
                table.set(ERROR, 1.0, name, status.reason.value)
        return table.finish(to_milliseconds(at))
