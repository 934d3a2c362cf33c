"""The lists of silences: those that hold, those that will, and those that have ended."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.manager import AlertManager
from exporter.alerting.silences import Silence, SilenceState
from exporter.config.alertmanager.matchers import format_matchers
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.silences.hits import is_watchdog

_FEW: Final = 50
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """One silence as the lists show it; `hits`: how many alerts that fire now it silences."""

    id: str
    matchers: str
    comment: str
    created_by: str
    starts_at: float
    starts: str
    ends_at: float
    ends: str
    span: str
    hits: int


@dataclass(frozen=True, slots=True)
class SilenceList:
    """Silences of one state: `rows` of `count`; `more` leads to a longer list, empty where this is it."""

    state: str
    title: str
    rows: Sequence[SilenceRow]
    count: int
    more: str

    @property
    def left_out(self) -> int:
        """How many are not among the rows."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """All lists; `silenced`: how many alerts that fire now are silenced. `filter` is what was looked for."""

    lists: Sequence[SilenceList]
    active: int
    pending: int
    total: int
    silenced: int
    firing: int
    filter: str


async def list_silences(manager: AlertManager, now: float, address: Address) -> Listing:
    """Read the silences that hold a text (parameter `filter`); `state` asks for all of one state."""
    wanted = address.text("filter").lower()
    only = address.choice("state", ["", *SilenceState], "")
    hits, silenced, firing = await _count_hits(manager, now)
    found: dict[SilenceState, list[Silence]] = {state: [] for state in SilenceState}
    async for silence in TimeSlice().each(list(manager.silences)):
        if not wanted or wanted in _text(silence):
            found[silence.state(now)].append(silence)
    lists = [
        _list_of(state, sorted(found[state], key=_ORDERS[state]), hits, now, address)
        for state in SilenceState
        if only in ("", state)
    ]
    counts = manager.silences.count(now)
    return Listing(
        lists,
        counts[SilenceState.ACTIVE],
        counts[SilenceState.PENDING],
        sum(counts.values()),
        silenced,
        firing,
        address.text("filter"),
    )


async def _count_hits(manager: AlertManager, now: float) -> tuple[Counter[str], int, int]:
    """By the id of a silence how many alerts it silences, how many are silenced, and how many fire."""
    by: Counter[Sequence[str]] = Counter()
    async for alert in TimeSlice().each(list(manager.alerts)):
        if not alert.is_resolved(now) and not is_watchdog(alert):
            by[manager.status(alert.labels).silenced_by] += 1
    hits: Counter[str] = Counter()
    async for ids, count in TimeSlice().each(by.items()):
        for silence_id in ids:
            hits[silence_id] += count
    return hits, by.total() - by[()], by.total()


def _text(silence: Silence) -> str:
    matchers = format_matchers(silence.matchers)
    return "\n".join((matchers, silence.comment, silence.created_by, silence.id)).lower()


def _list_of(
    state: SilenceState, silences: Sequence[Silence], hits: Counter[str], now: float, address: Address
) -> SilenceList:
    is_all = address.text("state") == state
    rows = [_row(one, hits[one.id], now) for one in silences[: _MANY if is_all else _FEW]]
    more = "" if is_all else address.with_(state=state.value)
    return SilenceList(state.value, _TITLES[state], rows, len(silences), more)


def _row(silence: Silence, hits: int, now: float) -> SilenceRow:
    span = {
        SilenceState.ACTIVE: silence.ends_at - now,
        SilenceState.PENDING: silence.starts_at - now,
        SilenceState.EXPIRED: now - silence.ends_at,
    }[silence.state(now)]
    return SilenceRow(
        id=silence.id,
        matchers=format_matchers(silence.matchers),
        comment=silence.comment,
        created_by=silence.created_by,
        starts_at=silence.starts_at,
        starts=moment_text(silence.starts_at, now),
        ends_at=silence.ends_at,
        ends=moment_text(silence.ends_at, now),
        span=span_text(span),
        hits=hits,
    )


_TITLES: Final = {
    SilenceState.ACTIVE: "Active",
    SilenceState.PENDING: "Not begun yet",
    SilenceState.EXPIRED: "Ended",
}
_ORDERS: Final = {
    SilenceState.ACTIVE: lambda silence: silence.ends_at,
    SilenceState.PENDING: lambda silence: silence.starts_at,
    SilenceState.EXPIRED: lambda silence: -silence.ends_at,
}
