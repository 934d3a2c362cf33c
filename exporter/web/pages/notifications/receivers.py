"""The receivers: whether messages to them arrive, since when not, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.manager import AlertManager
from exporter.alerting.receiver_state import ReceiverState
from exporter.notify.not_sent import REMEDY, NotSent
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.notifications.log import Delivery

MOST_RECEIVERS: Final = 100
_NOBODY: Final = "It has no entry in alertmanager.yml that sends anything."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a receiver, such as the second of its `slack_configs`.

    `tone` is `ok`, `critical` where nothing arrives, `quiet` where nothing is known, `warning` where nothing
    is sent by it.
    """

    name: str
    tone: str
    state: str
    detail: str
    sent_at: float
    sent: str


@dataclass(frozen=True, slots=True)
class ReceiverRow:
    """One receiver. `is_routed`: a route leads to it; `can_be_tested`: something is sent to it."""

    name: str
    entries: Sequence[Entry]
    is_routed: bool
    can_be_tested: bool

    @property
    def is_failing(self) -> bool:
        """Whether messages to it do not arrive."""
        return any(entry.tone == "critical" for entry in self.entries)


def read_receivers(
    manager: AlertManager, deliveries: Mapping[tuple[str, str], Delivery], now: float
) -> Sequence[ReceiverRow]:
    """Read all receivers, those that fail first, then those that routes lead to."""
    states = {(state.receiver, state.integration, state.index): state for state in manager.receiver_states}
    routed = manager.config.routed_receivers
    rows = [
        ReceiverRow(
            name=name,
            entries=list(_entries(name, manager, states, deliveries, now)),
            is_routed=name in routed,
            can_be_tested=any(not isinstance(one, NotSent) for one in integrations),
        )
        for name, integrations in manager.integrations.items()
    ]
    return sorted(rows, key=lambda row: (not row.is_failing, not row.is_routed, row.name))


def _entries(
    receiver: str,
    manager: AlertManager,
    states: Mapping[tuple[str, str, int], ReceiverState],
    deliveries: Mapping[tuple[str, str], Delivery],
    now: float,
) -> Iterator[Entry]:
    integrations = manager.integrations[receiver]
    for index, integration in enumerate(integrations):
        if isinstance(integration, NotSent):
            detail = f"redis-vigil does not send to {integration.service}: {REMEDY}."
            yield Entry(integration.name, "warning", "Not sent to", detail, 0.0, "")
            continue
        state = states.get((receiver, integration.name, index))
        delivery = deliveries.get((receiver, integration.name), Delivery())
        yield _entry(f"{integration.name}[{index}]", state, delivery, now)
    if not integrations:
        yield Entry("", "quiet", "Sends nothing", _NOBODY, 0.0, "")


def _entry(name: str, state: ReceiverState | None, delivery: Delivery, now: float) -> Entry:
    error = state.error if state is not None else ""
    waits = ""
    if state is not None and state.waits_until is not None:
        waits = f" It asked to wait until {moment_text(state.waits_until, now, seconds=True)}."
    sent = moment_text(delivery.sent_at, now) if delivery.sent_at else ""
    if error or (delivery.failing_since and state is None):
        since = delivery.failing_since
        words = f"Fails for {span_text(now - since)}" if since else "Fails"
        return Entry(name, "critical", words, (error or delivery.error) + waits, delivery.sent_at, sent)
    if delivery.failing_since:
        # Not since the last reload, at which states are forgotten.
        words = f"Failed {span_text(now - delivery.failing_since)} ago"
        return Entry(name, "critical", words, delivery.error + waits, delivery.sent_at, sent)
    if delivery.sent_at:
        return Entry(name, "ok", "Arrives", waits.strip(), delivery.sent_at, sent)
    return Entry(name, "quiet", "Nothing sent yet", waits.strip(), 0.0, "")
