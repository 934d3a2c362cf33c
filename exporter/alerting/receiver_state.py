"""Receiver state: the last error of each integration, and until when it asked to wait."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.alerting.rate_limiter import RateLimiter
from exporter.notify.integration import Integration
from exporter.notify.not_sent import NotSent


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """One entry of a receiver, such as the second of its `slack_configs`, that counts all entries.

    `error` is why the last notification failed, empty where it was delivered, or where there was none yet.
    Until `waits_until` (epoch seconds) nothing is sent, as it asked by Retry-After; None where it did not.
    """

    receiver: str
    integration: str
    index: int
    error: str
    waits_until: float | None
    waits_seconds: float


def states_of(
    integrations: Mapping[str, Sequence[Integration]],
    limiters: Mapping[str, Sequence[RateLimiter]],
    now: float,
) -> Iterator[ReceiverState]:
    """Yield the states of all integrations that send; `now` in epoch seconds."""
    for receiver, entries in integrations.items():
        for index, (integration, limiter) in enumerate(zip(entries, limiters[receiver], strict=True)):
            if isinstance(integration, NotSent):
                continue
            seconds = limiter.wait_seconds
            until = now + seconds if seconds else None
            error = str(limiter.error) if limiter.error else ""
            yield ReceiverState(receiver, integration.name, index, error, until, seconds)
