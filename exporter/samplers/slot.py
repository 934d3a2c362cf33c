"""One sampler of one target: its plan, and its state."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter.config.samplers.base import SamplerSection
from exporter.errors import Reason, ReplyError, TargetError
from exporter.log import LogLimit, get_logger
from exporter.metrics import SeriesTable
from exporter.samplers.status import SamplerStatus
from exporter.sampling.base import (
    AdaptiveSampler,
    IdleSampler,
    PunctualSampler,
    Sampler,
    SamplerSpec,
)
from exporter.sampling.server_info import ServerInfo

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SamplerPlan:
    """One sampler as configured for one target."""

    spec: SamplerSpec[Any]
    settings: SamplerSection
    interval_seconds: float
    timeout_seconds: float


@dataclass(slots=True, eq=False)
class Slot:
    """One sampler of the target, with the table that it writes into.

    `run_id` is that of the server in its last good pass. It `is_refused` where the server does not support
    what it cannot do without, and the sampler does not keep account of that itself.
    """

    plan: SamplerPlan
    sampler: Sampler
    table: SeriesTable
    status: SamplerStatus
    busy: bool = False
    refused_until: float = 0.0
    is_refused: bool = False
    log_limit: LogLimit = field(default_factory=LogLimit)
    # Whether the log says that it fails.
    is_told: bool = False
    adaptive: AdaptiveSampler | None = field(init=False)
    idle: IdleSampler | None = field(init=False)
    punctual: PunctualSampler | None = field(init=False)

    def __post_init__(self) -> None:
        self.adaptive = self.sampler if isinstance(self.sampler, AdaptiveSampler) else None
        self.idle = self.sampler if isinstance(self.sampler, IdleSampler) else None
        self.punctual = self.sampler if isinstance(self.sampler, PunctualSampler) else None

    @property
    def next_delay_seconds(self) -> float | None:
        """How soon the sampler wants to run again; None for at its interval."""
        if self.adaptive is None or not self.status.success:
            return None
        delay = self.adaptive.next_delay_seconds
        return None if delay is None or delay >= self.plan.interval_seconds else delay

    def applies(self, server: ServerInfo) -> bool:
        """Return whether the server has what the sampler asks about."""
        spec = self.plan.spec
        if server.mode == "sentinel" and not spec.on_sentinel:
            return False
        return spec.applies is None or spec.applies(server)

    def follow_run(self, server: ServerInfo) -> None:
        """Note the run of the server.

        Where another one began after the last pass, its counts are what came since; else they are those of
        another server, and the former ones say nothing about them.
        """
        if server.run_id != self.run_id and server.started_at <= self.status.succeeded_at:
            self.table.lose_track()
        self.run_id = server.run_id

    def mark_unsupported(self, error: ReplyError, until: float) -> None:
        """Nothing of what the sampler asks is available: leave it out until then (monotonic seconds)."""
        self.refused_until = until
        self.status.missing_since = None
        if self.plan.spec.command:
            self.is_refused = True
            self.status.support.mark_unsupported(self.plan.spec.command, error)

    def mark_supported(self) -> None:
        """Note that the server supports the sampler's command again."""
        if self.is_refused:
            self.is_refused = False
            self.status.support.mark_supported(self.plan.spec.command)

    def tell_failure(self, instance: str, error: TargetError, now: float) -> None:
        """Log a failure (monotonic seconds); of a sampler that fails again and again not each time."""
        besides = self.log_limit.fields(now)
        if besides is not None:
            self.is_told = True
            name = self.plan.spec.name
            log.warning(
                "sampler failed", instance=instance, sampler=name, reason=error.reason, error=error, **besides
            )

    def try_again(self) -> None:
        """Retry what was refused at the next opportunity: the server may be set up anew."""
        self.refused_until = 0.0
        self.status.support.try_again()

    def follow_clock(self, seconds: float) -> None:
        """Move what was remembered by the clock, which was set by so much."""
        self.status.follow_clock(seconds)
        if self.punctual is not None:
            self.punctual.follow_clock(seconds)

    run_id: str = ""


def outcomes(slots: Sequence[Slot]) -> Sequence[tuple[bool, Reason | None]]:
    """Return how the last pass of each of these samplers went."""
    return [(slot.status.success, slot.status.reason) for slot in slots]
