"""Which receivers take messages at the moment, and which asked to wait."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.alerting.integration import Gate, Integration
from exporter.notify.not_sent import NotSent


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """One entry of a receiver, such as the second of its `slack_configs`, that counts all entries.

    `error` is why the last message was not taken, empty where it was, or where there was none yet. Until
    `waits_until` (epoch seconds) nothing is sent, as it asked by Retry-After; None where it did not.
    """

    receiver: str
    integration: str
    index: int
    error: str
    waits_until: float | None
    waits_seconds: float


def states_of(
    integrations: Mapping[str, Sequence[Integration]], gates: Mapping[str, Sequence[Gate]], now: float
) -> Iterator[ReceiverState]:
    """The states of all that is sent to; `now` in epoch seconds."""
    for receiver, entries in integrations.items():
        for index, (integration, gate) in enumerate(zip(entries, gates[receiver], strict=True)):
            if isinstance(integration, NotSent):
                continue
            seconds = gate.closed_seconds
            until = now + seconds if seconds else None
            error = str(gate.error) if gate.error else ""
            yield ReceiverState(receiver, integration.name, index, error, until, seconds)
