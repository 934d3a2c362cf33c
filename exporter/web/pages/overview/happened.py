"""The last things that happened, to any server and to the daemon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.errors import StateError
from exporter.events import EventKind, EventQuery, StoredEvent
from exporter.health import NO_SEVERITY
from exporter.web.pages.address import Address
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text
from exporter.web.pages.server.happenings import alert_link
from exporter.web.pages.server.sentences import Sentence, describe

SHOWN: Final = 10
DAY_MS: Final = 86_400_000

# So many of the newest are looked at; most may be of alerts that were pending.
_MOST_READ: Final = 200
_KINDS: Final = (
    EventKind.ALERT,
    EventKind.DOWN,
    EventKind.UP,
    EventKind.RESTART,
    EventKind.FAILOVER,
    EventKind.ROLE_CHANGE,
    EventKind.TOPOLOGY_CHANGE,
    EventKind.CONFIG_CHANGE,
    EventKind.ACL_CHANGE,
    EventKind.VERSION_CHANGE,
    EventKind.ACTION,
    EventKind.RELOAD,
    EventKind.DAEMON,
)
_TOLD_STATES: Final = ("firing", "resolved")


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: when (epoch seconds, and in words), what, to which server; links to that and to an alert.

    `more`: the same was told of so many other servers, just before.
    """

    at: float
    moment: str
    sentence: Sentence
    instance: str
    alert_href: str
    server_href: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class LastEvents:
    """The newest of the last day; `error` says why they cannot be read. `is_more`: even more than that."""

    rows: Sequence[Happened] = ()
    left_out: int = 0
    is_more: bool = False
    error: str = ""


async def read_happened(context: PageContext, address: Address, now: float) -> LastEvents:
    """Read them; `now` in epoch seconds. Never fails."""
    since_ms = round(now * 1000) - DAY_MS
    try:
        page = await context.events.read(EventQuery(kinds=_KINDS, since_ms=since_ms, limit=_MOST_READ))
    except StateError as error:
        return LastEvents(error=str(error))
    told = [event for event in page.events if _is_told(event)]
    watched = {runner.target.instance for runner in context.targets.runners}
    rows: list[Happened] = []
    shown = 0
    for event in told:
        sentence = _brief(event)
        if rows and event.kind == EventKind.ALERT and _says_the_same(rows[-1].sentence, sentence):
            rows[-1] = replace(rows[-1], more=rows[-1].more + 1)
        elif len(rows) == SHOWN:
            break
        else:
            at = event.at_ms / 1000
            href = alert_link(event, context.alerts, address)
            server = address.to("servers", event.instance) if event.instance in watched else ""
            rows.append(Happened(at, moment_text(at, now), sentence, event.instance, href, server))
        shown += 1
    return LastEvents(rows, len(told) - shown, page.next_cursor is not None)


def _says_the_same(one: Sentence, other: Sentence) -> bool:
    return (one.subject, one.text) == (other.subject, other.text)


def _is_told(event: StoredEvent) -> bool:
    if event.kind != EventKind.ALERT:
        return True
    fields = event.fields
    return fields.get("state") in _TOLD_STATES and fields.get("severity") != NO_SEVERITY


def _brief(event: StoredEvent) -> Sentence:
    """What happened, without the summary of an alert: that stands above, or on its page."""
    found = describe(event.kind, event.fields)
    if event.kind != EventKind.ALERT:
        return found
    words = "fires" if event.fields.get("state") == "firing" else "is resolved"
    return Sentence(found.sign, found.tone, found.subject, words, found.end)
