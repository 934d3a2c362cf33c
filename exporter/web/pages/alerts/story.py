"""One alert, told: what and since when, what to do, what changed before it, who was told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.alert_charts import (
    Episode,
    figure_of,
    single_comparison,
    span_around,
    threshold_words,
    unit_of,
)
from exporter.charts.time_range import TimeRange
from exporter.errors import StateError
from exporter.events import EventKind, StoredEvent
from exporter.health import NO_SEVERITY
from exporter.model.duration import format_duration
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.alerts.graph import Graph, draw
from exporter.web.pages.alerts.month import Month, month_of
from exporter.web.pages.alerts.past import Past, own_labels, read_past, read_turns, subject_of
from exporter.web.pages.alerts.reasons import Reason, Reasons
from exporter.web.pages.alerts.rows import AlertLine, badge_of, line_of, silence_address
from exporter.web.pages.alerts.runbook import Runbook, runbook_of
from exporter.web.pages.alerts.subjects import (
    RESOLVED,
    Subject,
    active_subjects,
    by_fingerprint,
    find_rule,
    find_subject,
)
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.server.happenings import Happening
from exporter.web.pages.server.sentences import Sentence, describe
from exporter.web.pages.time_range import read_range

UNKNOWN: Final = (
    "There is no alert with this fingerprint now, and none in the events of the last 30 days. "
    "One whose labels have changed since has another fingerprint: look for its name under Alerts."
)
_MOST_OTHERS: Final = 12
_MOST_CHANGES: Final = 15
_MOST_MESSAGES: Final = 20


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the page of an alert shows; `problem` says why the past is not known."""

    subject: Subject
    badge: tuple[str, str, str]
    since: str
    span: str
    ended: str
    value: str
    threshold: str
    lasting: str
    reasons: Sequence[Reason]
    silence_href: str
    range: TimeRange
    graph: Graph
    runbook: Runbook | None
    others: Sequence[AlertLine]
    others_left_out: int
    changes: Sequence[Happening]
    messages: Sequence[Happening]
    receivers: Sequence[str]
    month: Month
    problem: str


async def tell(context: PageContext, fingerprint: str, address: Address) -> Story:
    """Read all about an alert; raises `PageError` for one that nobody knows."""
    now = context.clock.now()
    at_ms = _moment_ms(address, now)
    problem, turns = "", list[StoredEvent]()
    try:
        turns = list(await read_turns(context.events, fingerprint, now))
    except StateError as error:
        problem = str(error)
    subject = await find_subject(context, fingerprint) or _of_the_past(context, turns, at_ms)
    if subject is None:
        raise PageError(404, problem or UNKNOWN)
    began_ms = round(subject.since * 1000)
    past = Past(turns)
    try:
        past = await read_past(context.events, subject, turns, began_ms)
    except StateError as error:
        problem = str(error)
    episodes = _episodes(past, subject)
    span = _span(address, subject, at_ms, now)
    others = await active_subjects(context)
    routes = context.alerting.routes_of(subject.labels)
    reasons = Reasons(context.alerting, await by_fingerprint(others), address, now)
    why = reasons.of(subject, routes)
    beside = [one for one in others if _is_beside(one, subject)]
    nearest = await TimeSlice().first(_MOST_OTHERS, beside, lambda one: one.order)
    changes = [one for one in past.changes if _is_news(one, fingerprint)]
    value, threshold, lasting = _figures(subject)
    return Story(
        subject,
        badge_of(subject, why),
        moment_text(subject.since, now),
        span_text((subject.resolved_at or now) - subject.since),
        moment_text(subject.resolved_at, now) if subject.resolved_at else "",
        value,
        threshold,
        lasting,
        why,
        silence_address(subject, address),
        span,
        await draw(subject, context.queries, span, episodes, now),
        runbook_of(_annotation(subject, "runbook_url")),
        [
            line_of(one, reasons.of(one, context.alerting.routes_of(one.labels)), address, now)
            for one in nearest
        ],
        max(0, len(beside) - _MOST_OTHERS),
        _summed_up(_happening(one, address, now) for one in changes)[:_MOST_CHANGES],
        [_message(one, now) for one in past.messages[:_MOST_MESSAGES]],
        list(dict.fromkeys(route.options.receiver for route in routes)),
        month_of(episodes, subject.tone, now),
        problem,
    )


def _is_news(event: StoredEvent, fingerprint: str) -> bool:
    """Whether an event may be the cause: no change of the alert itself, and none of a watchdog."""
    return event.fields.get("fingerprint") != fingerprint and event.fields.get("severity") != NO_SEVERITY


def _is_beside(one: Subject, subject: Subject) -> bool:
    return bool(subject.instance) and one.instance == subject.instance and one.labels != subject.labels


def _moment_ms(address: Address, now: float) -> int:
    """The parameter `at`, in seconds; now where there is none. Raises `PageError`."""
    text = address.text("at")
    try:
        seconds = float(text) if text else now
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e11:
        raise PageError(400, "The parameter at is no moment: write seconds since 1970.")
    return round(min(seconds, now) * 1000)


def _of_the_past(context: PageContext, turns: Sequence[StoredEvent], at_ms: int) -> Subject | None:
    if not turns:
        return None
    outgoing = context.alerts.outgoing_labels(own_labels(turns[0]))
    subject = subject_of(turns, outgoing, at_ms)
    if subject is None:
        return None
    rule, group = find_rule(context, subject.own_labels)
    return replace(subject, rule=rule, group=group)


def _episodes(past: Past, subject: Subject) -> Sequence[Episode]:
    """The times of firing; one that the events do not tell of is what the alert itself tells."""
    if past.episodes or not subject.fired_at:
        return past.episodes
    ended_ms = round(subject.resolved_at * 1000) if subject.state == RESOLVED else None
    return [Episode(round(subject.active_at * 1000), round(subject.fired_at * 1000), ended_ms)]


def _span(address: Address, subject: Subject, at_ms: int, now: float) -> TimeRange:
    """From some time before it began to its end, or now, where no other range is asked for."""
    if any(address.text(name) for name in ("range", "from", "to")):
        return read_range(address, now)
    ended_ms = round(subject.resolved_at * 1000) if subject.state == RESOLVED else None
    return span_around(at_ms, round(subject.active_at * 1000), ended_ms, round(now * 1000))


def _figures(subject: Subject) -> tuple[str, str, str]:
    """The value, what it fires at in words, and for how long that has to hold."""
    rule = subject.rule
    if rule is None:
        return "", "", ""
    value, _ = figure_of(rule, subject.value)
    one = single_comparison(rule)
    words = threshold_words(one, unit_of(rule)) if one is not None and value else ""
    lasting = f"for {format_duration(rule.spec.for_ms)}" if rule.spec.for_ms else ""
    return value, words, lasting


def _annotation(subject: Subject, name: str) -> str:
    """An annotation; of an alert that is over what its rule says, unless that is a template."""
    written = dict(subject.rule.spec.annotation_texts).get(name, "") if subject.rule is not None else ""
    return subject.annotations.get(name) or ("" if "{{" in written else written)


def _happening(event: StoredEvent, address: Address, now: float) -> Happening:
    at = event.at_ms / 1000
    fingerprint = event.fields.get("fingerprint")
    is_alert = event.kind == EventKind.ALERT and fingerprint
    href = address.to("alerts", str(fingerprint), at=int(at)) if is_alert else ""
    return Happening(at, moment_text(at, now), describe(event.kind, event.fields), href)


def _summed_up(happenings: Iterable[Happening]) -> Sequence[Happening]:
    """Return what happened, of what says the same the newest alone, with how often."""
    found: list[Happening] = []
    for one in happenings:
        if found and found[-1].sentence.says_the_same(one.sentence):
            found[-1] = replace(found[-1], times=found[-1].times + 1)
        else:
            found.append(one)
    return found


_KEPT_BACK: Final = {
    "silence": "silenced",
    "inhibition": "inhibited",
    "mute_time_interval": "muted by a time interval",
    "active_time_interval": "outside of its active time intervals",
}


def _message(event: StoredEvent, now: float) -> Happening:
    """A notification in words."""
    fields, at = event.fields, event.at_ms / 1000
    outcome, error = str(fields.get("outcome")), str(fields.get("error") or "")
    attempts = fields.get("attempts")
    tries = f", after {attempts} tries" if isinstance(attempts, int) and attempts > 1 else ""
    what = "over" if not fields.get("firing") else "firing"
    by = f"by {fields.get('integration', '?')}"
    sign, tone, text = {
        "sent": ("ok", "ok", f"{by}: told, {what}{tries}"),
        "failed": ("critical", "critical", f"{by}: could not be told{tries}: {error}"),
        "suppressed": ("quiet", "quiet", f"{by}: not told, {_KEPT_BACK.get(error, error)}"),
    }.get(outcome, ("info", "quiet", f"{by}: {outcome}"))
    return Happening(at, moment_text(at, now), Sentence(sign, tone, str(fields.get("receiver", "")), text))
