"""Receivers with entries of kinds that this daemon does not send to, for the pages and the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.notify.not_sent import NotSent


@dataclass(frozen=True, slots=True)
class SilentReceiver:
    """A receiver and the services that it is not sent to by; `is_alone`: it has no other entries."""

    name: str
    services: str
    is_alone: bool


def silent_receivers(entries: Iterable[tuple[str, NotSent]]) -> Sequence[SilentReceiver]:
    """Return one for each receiver."""
    services: dict[str, list[NotSent]] = {}
    for name, entry in entries:
        services.setdefault(name, []).append(entry)
    return [
        SilentReceiver(name, ", ".join(dict.fromkeys(one.service for one in found)), found[0].is_alone)
        for name, found in services.items()
    ]
