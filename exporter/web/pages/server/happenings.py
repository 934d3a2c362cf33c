"""The table of events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.events import EventKind, StoredEvent
from exporter.model.labels import Labels
from exporter.web.alert_rows import AlertRows
from exporter.web.pages.address import Address
from exporter.web.pages.moments import moment_text
from exporter.web.pages.server.past import MOST_EVENTS, Past
from exporter.web.pages.server.sentences import Sentence, describe

SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: when (epoch seconds, and in words), what, and where the alert is that it is about.

    `times`: it is the newest of so many that say the same, one after the other.
    """

    at: float
    moment: str
    sentence: Sentence
    href: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Happenings:
    """The newest events, and how many there are besides; `is_more`: and even more than that."""

    rows: Sequence[Happening]
    left_out: int
    is_more: bool
    error: str


def read_happenings(past: Past, alerts: AlertRows, address: Address, now: float, most: int) -> Happenings:
    """Return so many of the newest events; `now` in epoch seconds."""
    rows: list[Happening] = []
    told = 0
    for event in past.events[:MOST_EVENTS]:
        sentence = describe(event.kind, event.fields)
        last = rows[-1] if rows else None
        if last is not None and last.sentence.says_the_same(sentence):
            rows[-1] = replace(last, times=last.times + 1)
        elif len(rows) == most:
            break
        else:
            at = event.at_ms / 1000
            rows.append(Happening(at, moment_text(at, now), sentence, alert_link(event, alerts, address)))
        told += 1
    left_out = min(len(past.events), MOST_EVENTS) - told
    return Happenings(rows, left_out, len(past.events) > MOST_EVENTS, past.error)


def alert_link(event: StoredEvent, alerts: AlertRows, address: Address) -> str:
    """Return the address of the alert that an event is about, at its moment; empty for other events."""
    told = event.fields.get("labels")
    if event.kind != EventKind.ALERT or not isinstance(told, list):
        return ""
    pairs = [str(pair).partition("=") for pair in told]
    labels = Labels({name: value for name, _, value in pairs})
    return address.to("alerts", alerts.fingerprint(labels), at=event.at_ms // 1000)
