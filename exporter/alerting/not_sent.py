"""Receivers of kinds that this daemon does not send to: said at the start, and on the pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.alerting.metrics import Metrics
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.log import get_logger
from exporter.notify.not_sent import REMEDY, NotSent

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SilentReceiver:
    """A receiver, the services that it is not sent to by, and whether it tells anybody in another way."""

    name: str
    services: str
    is_alone: bool


def silent_receivers(entries: Iterable[tuple[str, NotSent]]) -> Sequence[SilentReceiver]:
    """One for each receiver."""
    services: dict[str, list[NotSent]] = {}
    for name, entry in entries:
        services.setdefault(name, []).append(entry)
    return [
        SilentReceiver(name, ", ".join(dict.fromkeys(one.service for one in found)), found[0].is_alone)
        for name, found in services.items()
    ]


def say_what_is_not_sent(
    config: AlertmanagerConfig, entries: Sequence[tuple[str, NotSent]], metrics: Metrics
) -> None:
    """One line for each receiver, and counters at 0."""
    for name, entry in entries:
        metrics.expect_unsent(name, entry)
    for receiver in silent_receivers(entries):
        _log.warning(
            "a receiver is of a kind that is not sent to",
            receiver=receiver.name,
            kind=receiver.services,
            reaches="nobody" if receiver.is_alone else "others",
            remedy=REMEDY,
        )
    for section in config.unused:
        _log.warning("a section of alertmanager.yml is not used", section=section)
