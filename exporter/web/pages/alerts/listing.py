"""The list of alerts, in the groups in which receivers are notified of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.history import HistoryRecord, NotificationOutcome
from exporter.alerting.not_sent import UnsentReceiver
from exporter.alerting.routes import Route
from exporter.errors import StateError
from exporter.model.labels import EMPTY, Labels
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address
from exporter.web.pages.alerts.filters import AlertFilter
from exporter.web.pages.alerts.reasons import Reason, Reasons
from exporter.web.pages.alerts.rows import AlertLine, line_of
from exporter.web.pages.alerts.subjects import FIRING, PENDING, Subject, active_subjects, by_fingerprint
from exporter.web.pages.alerts.verdict import Judge, Verdict
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text

MOST_LINES: Final = 120
_MOST_RECORDS: Final = 200
_HISTORY_SECONDS: Final = 86_400.0
_NOBODY: Final = "nobody is told: the receiver has no entries in alertmanager.yml"


@dataclass(slots=True)
class _Members:
    """The alerts of one group, before they are shown."""

    route: Route | None
    labels: Labels
    found: list[tuple[Subject, Sequence[Reason]]] = field(default_factory=list)
    worst: tuple[object, ...] = ()
    firing: int = 0
    # How many of those that fire nobody is told of, by the first reason.
    quiet: Counter[str] = field(default_factory=Counter)

    def add(self, subject: Subject, reasons: Sequence[Reason]) -> None:
        order = _order((subject, reasons))
        self.worst = min(self.worst, order) if self.found else order
        self.found.append((subject, reasons))
        if subject.state == FIRING:
            self.firing += 1
            if reasons:
                self.quiet[reasons[0].kind] += 1

    @property
    def order(self) -> tuple[object, ...]:
        return *self.worst, self.receiver, str(self.labels)

    @property
    def receiver(self) -> str:
        return self.route.options.receiver if self.route is not None else ""

    @property
    def is_quiet(self) -> bool:
        return self.quiet.total() == self.firing


def _order(one: tuple[Subject, Sequence[Reason]]) -> tuple[object, ...]:
    return bool(one[1]), one[0].order


@dataclass(frozen=True, slots=True)
class GroupView:
    """Alerts that are sent together: to which receiver, by which labels, and when it was told last."""

    id: str
    receiver: str
    labels: Sequence[tuple[str, str]]
    told: str
    lines: Sequence[AlertLine]


@dataclass(frozen=True, slots=True)
class Listing:
    """What the page shows; `left_out` alerts of the filter have no room, `filtered_out` do not fit it."""

    filter: AlertFilter
    verdict: Verdict
    groups: Sequence[GroupView]
    total: int
    shown: int
    left_out: int
    filtered_out: int
    rules: int
    unsent: Sequence[UnsentReceiver]


async def list_alerts(context: PageContext, address: Address) -> Listing:
    """Read everything that is pending or firing; raises `PageError`."""
    now, manager, turn = context.clock.now(), context.alerting, TimeSlice()
    wanted = AlertFilter.of(address)
    subjects = await active_subjects(context)
    reasons = Reasons(manager, await by_fingerprint(subjects), address, now)
    members: dict[tuple[Route | None, Labels], _Members] = {}
    judge, left_in, places = Judge(), 0, 0
    async for subject in turn.each(subjects):
        routes = manager.routes_of(subject.labels)
        why = reasons.of(subject, routes)
        judge.add(subject, why)
        if not wanted.admits(subject.labels) or _is_hidden(subject, why, wanted):
            continue
        found = _places(subject, routes, wanted)
        for place in found:
            members.setdefault(place, _Members(*place)).add(subject, why)
        places += len(found)
        left_in += bool(found)
    ordered = await turn.first(MOST_LINES, members.values(), lambda one: one.order)
    groups = await _views(ordered, context, await _messages(context, now), address)
    shown = sum(len(group.lines) for group in groups)
    return Listing(
        wanted,
        judge.verdict(now),
        groups,
        len(subjects),
        shown,
        places - shown,
        len(subjects) - left_in,
        sum(len(group.alerting_rules) for group in context.rules.groups),
        manager.unsent_receivers,
    )


def _is_hidden(subject: Subject, reasons: Sequence[Reason], wanted: AlertFilter) -> bool:
    return (subject.state == PENDING and PENDING in wanted.hidden) or any(
        reason.kind in wanted.hidden for reason in reasons
    )


def _places(
    subject: Subject, routes: Sequence[Route], wanted: AlertFilter
) -> Sequence[tuple[Route | None, Labels]]:
    """The groups of an alert: as the dispatcher finds them, also before it has been told of it."""
    if subject.is_dropped:
        return [(None, EMPTY)] if wanted.receiver_matcher is None else []
    return [
        (route, route.group_labels(subject.labels))
        for route in routes
        if wanted.admits_receiver(route.options.receiver)
    ]


async def _messages(context: PageContext, now: float) -> Mapping[str, HistoryRecord]:
    """The last notification of each group, by the group's key."""
    try:
        records = await context.alerting.read_history(now - _HISTORY_SECONDS, _MOST_RECORDS)
    except StateError:
        return {}
    tried = (NotificationOutcome.SENT, NotificationOutcome.FAILED)
    return {one.group_key: one for one in reversed(records) if one.outcome in tried}


async def _views(
    ordered: Sequence[_Members],
    context: PageContext,
    messages: Mapping[str, HistoryRecord],
    address: Address,
) -> Sequence[GroupView]:
    now, manager, turn = context.clock.now(), context.alerting, TimeSlice()
    known = {(group.route, group.labels): group async for group in turn.each(manager.groups)}
    views: list[GroupView] = []
    room = MOST_LINES
    for one in ordered:
        if not room:
            break
        found = await turn.first(room, one.found, _order)
        room -= len(found)
        group = known.get((one.route, one.labels)) if one.route is not None else None
        has_entries = bool(manager.integrations.get(one.receiver))
        told = _told(one, group, messages, now) if has_entries or one.route is None else _NOBODY
        lines = [line_of(subject, reasons, address, now) for subject, reasons in found]
        place = (*(one.route.path if one.route is not None else ()), f"{one.labels.fingerprint():x}")
        views.append(GroupView("-".join(map(str, place)), one.receiver, one.labels.pairs, told, lines))
    return views


def _told(
    one: _Members, group: AggregationGroup | None, messages: Mapping[str, HistoryRecord], now: float
) -> str:
    """When the receiver was told last, and will be told again."""
    if not one.firing:
        return "not told: nothing fires yet"
    message = messages.get(group.key) if group is not None else None
    if message is None:
        if one.is_quiet:
            return f"not told: {', '.join(one.quiet)}"
        if group is None or group.has_flushed:
            return "not told yet"
        return f"will be told at {moment_text(group.due_at, now)}"
    if message.outcome is NotificationOutcome.FAILED:
        return f"could not be told at {moment_text(message.at, now)}: {message.error}"
    told = f"told {moment_text(message.at, now)}"
    if one.is_quiet or group is None:
        return told
    return f"{told}, again about {moment_text(message.at + group.options.repeat_interval, now)}"
