"""Receivers of kinds that this daemon does not send to: counted, and said on the pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.notify.not_sent import NotSent


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
