"""Receivers with entries of kinds that this daemon does not send to, for the pages and the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.notify.not_sent import NotSent


@dataclass(frozen=True, slots=True)
class UnsentReceiver:
    """A receiver and the services that it is not sent to by; `reaches_nobody`: it has no other entries."""

    name: str
    services: str
    reaches_nobody: bool


def unsent_receivers(entries: Iterable[tuple[str, NotSent]]) -> Sequence[UnsentReceiver]:
    """Return one for each receiver."""
    services: dict[str, list[NotSent]] = {}
    for name, entry in entries:
        services.setdefault(name, []).append(entry)
    return [
        UnsentReceiver(name, ", ".join(dict.fromkeys(one.service for one in found)), found[0].reaches_nobody)
        for name, found in services.items()
    ]
