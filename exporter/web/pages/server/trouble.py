"""The one trouble of a server: what is wrong, since when, and where it says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.errors import LOGIN_REASONS, Reason
from exporter.samplers.runner import TargetRunner
from exporter.web.alert_rows import AlertRow
from exporter.web.pages.address import Address
from exporter.web.pages.server.head import State


@dataclass(frozen=True, slots=True)
class Trouble:
    """One sentence, what else there is to say, and where it says what to do; `more` counts other alerts."""

    tone: str
    sentence: str
    advice: str
    href: str
    more: int


def find_trouble(
    runner: TargetRunner, state: State, firing: Sequence[AlertRow], address: Address
) -> Trouble | None:
    """Return it; None where nothing is wrong. `firing` are the alerts about the server, the worst first."""
    problem = runner.status.problem
    worst = firing[0] if firing else None
    href = address.to("alerts", worst.fingerprint) if worst else ""
    more = max(0, len(firing) - 1)
    if problem is not None:
        advice = _advice(problem, runner) or (worst.advice if worst else "")
        return Trouble(state.tone, f"{state.words}. {runner.status.message}", advice, href, more)
    if worst is None:
        return None
    return Trouble(state.tone, f"{worst.summary or worst.name}.", worst.advice, href, more)


def _advice(problem: Reason, runner: TargetRunner) -> str:
    """What to do, where the reason alone tells that."""
    if problem is Reason.PERMISSION and runner.unavailable.grant:
        return f"To let it be sampled, run on it: {runner.unavailable.grant}"
    if problem in LOGIN_REASONS:
        return "Give the target its username and password: docs/permissions.md has the smallest ACL line."
    if problem is Reason.UNKNOWN_HOST:
        return "Its name is not found: look at the target's url, and at the resolver of this machine."
    return ""


def why_nothing(runner: TargetRunner, sampler: str) -> str:
    """Say why there may be no samples of what this sampler asks for; empty where it should be there."""
    status = runner.status
    if status.up is None:
        return "The server has not been asked yet."
    if status.up is False:
        return f"The server does not answer: {status.message}"
    own = status.samplers.get(sampler)
    if own is None:
        return f"The sampler is off: samplers.{sampler}.enabled switches it on."
    refused = ", ".join(own.support.reasons)
    if refused:
        return f"The server refuses {refused}: the line that grants it stands below the samplers."
    if own.reason is not None:
        return f"The sampler fails: {own.reason.words}."
    return ""
