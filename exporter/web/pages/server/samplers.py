"""The table of samplers: what is asked of the server, how that went, and what would let more be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exporter.health import missing_of
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.samplers.status import SamplerStatus
from exporter.web.pages.moments import span_text
from exporter.web.pages.server.figures import UNKNOWN, time_figure


@dataclass(frozen=True, slots=True)
class SamplerRow:
    """One sampler; texts. `sign` is that of a severity."""

    name: str
    sign: str
    every: str
    last: str
    took: str
    result: str


@dataclass(frozen=True, slots=True)
class SamplerTable:
    """All samplers that run, the names of those that do not, and what the server refuses.

    `refused`: command words by the words of the reason; `grant` is the ACL line that would permit them.
    """

    rows: Sequence[SamplerRow]
    off: Sequence[str]
    grant: str
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_samplers(runner: TargetRunner, now: float) -> SamplerTable:
    """Return them as of now (epoch seconds)."""
    plans = {plan.spec.name: plan for plan in runner.plans}
    missing = missing_of(runner.unavailable)
    return SamplerTable(
        rows=[_row(runner, plan, runner.status.samplers[name], now) for name, plan in plans.items()],
        off=[spec.name for spec in SAMPLERS if spec.name not in plans],
        grant=missing.grant,
        refused=missing.commands,
    )


def _row(runner: TargetRunner, plan: SamplerPlan, status: SamplerStatus, now: float) -> SamplerRow:
    sign, result = _result(runner, plan, status)
    has_run = status.attempted_at > 0
    return SamplerRow(
        name=plan.spec.name,
        sign=sign,
        every=span_text(plan.interval_seconds),
        last=f"{span_text(now - status.attempted_at)} ago" if has_run else UNKNOWN,
        took=time_figure(status.duration_seconds) if has_run else UNKNOWN,
        result=result,
    )


def _result(runner: TargetRunner, plan: SamplerPlan, status: SamplerStatus) -> tuple[str, str]:
    """A sign and a sentence."""
    if status.reason is not None:
        sign = "warning" if status.is_unavailable or not plan.spec.decides_up else "critical"
        return sign, f"{status.reason.words}: {status.message}" if status.message else status.reason.words
    if runner.status.up is False:
        return "quiet", "waits until the server answers"
    if not status.attempted_at:
        server = runner.facts.server
        does_apply = plan.spec.applies is None or plan.spec.applies(server)
        if server.run_id and (not does_apply or (server.mode == "sentinel" and not plan.spec.on_sentinel)):
            return "quiet", "this server has nothing of it"
        return "pending", "waits for its first turn"
    refused = status.support.reasons
    if refused:
        return "warning", "without " + ", ".join(sorted(refused))
    folded = [label for label, cap in status.caps.items() if cap.folded or cap.left_out]
    if folded:
        return "info", f"too many values of {', '.join(folded)}: the rest is summed up"
    return "ok", "all answered"
