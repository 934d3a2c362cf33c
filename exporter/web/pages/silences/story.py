"""One silence, told: its state, what it hits, and what was done with it by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.alerting.silences import Silence, SilenceState
from exporter.config.alertmanager.matchers import format_matchers
from exporter.errors import StateError
from exporter.events import MAX_LIMIT, EventKind, EventLog, EventQuery, StoredEvent
from exporter.model.duration import parse_duration
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.silences.extension import STEPS
from exporter.web.pages.silences.hits import Hits, find_hits

# One that begins next week was made before it began.
_BEFORE_MS: Final = 30 * 86_400_000
_WORDS: Final = {
    "silence": "Made",
    "edit": "Changed",
    "extend": "Extended",
    "expire": "Ended",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done with a silence; `other` is the id of the one that took its place, or before."""

    at: float
    moment: str
    what: str
    by: str
    detail: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class SilenceStory:
    """Everything that the page of a silence shows. `later`: where the buttons lead, by what they say."""

    silence: Silence
    state: SilenceState
    matchers: Sequence[str]
    filter: str
    sentence: str
    starts: str
    ends: str
    hits: Hits
    later: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    problem: str
    """Why the steps are not known; empty where they are."""


async def tell_story(silence: Silence, context: PageContext) -> SilenceStory:
    """Read all about a silence."""
    now = context.clock.now()
    state = silence.state(now)
    steps, problem = await _steps(silence, context.events, now)
    later = [(step, moment_text(silence.ends_at + parse_duration(step) / 1000, now)) for step in STEPS]
    return SilenceStory(
        silence=silence,
        state=state,
        matchers=[format_matchers([one])[1:-1] for one in silence.matchers],
        filter=format_matchers(silence.matchers),
        sentence=_sentence(silence, state, now),
        starts=moment_text(silence.starts_at, now),
        ends=moment_text(silence.ends_at, now),
        hits=await find_hits(context, silence.matchers, now, silence.id),
        later=later,
        steps=steps,
        problem=problem,
    )


def _sentence(silence: Silence, state: SilenceState, now: float) -> str:
    ends = moment_text(silence.ends_at, now)
    match state:
        case SilenceState.ACTIVE:
            return f"Silenced until {ends}, for {span_text(silence.ends_at - now)} more"
        case SilenceState.PENDING:
            return f"Will be silenced at {moment_text(silence.starts_at, now)}, until {ends}"
        case _:
            return f"No longer silenced, since {ends}"


async def _steps(silence: Silence, events: EventLog, now: float) -> tuple[Sequence[Step], str]:
    """The steps, the newest first, and why they are not known. What a program made has no events."""
    since_ms = round(min(silence.starts_at, now) * 1000) - _BEFORE_MS
    try:
        page = await events.read(EventQuery([""], [EventKind.ACTION], since_ms, None, MAX_LIMIT))
    except StateError as error:
        return [], str(error)
    steps = [
        _step(event, silence, now)
        for event in page.events
        if silence.id in (event.fields.get("silence"), event.fields.get("replaces"))
    ]
    return steps, ""


def _step(event: StoredEvent, silence: Silence, now: float) -> Step:
    fields, at = event.fields, event.at_ms / 1000
    own, before = str(fields.get("silence")), str(fields.get("replaces") or "")
    what = str(fields.get("what"))
    other = own if own != silence.id else before
    return Step(
        at,
        moment_text(at, now),
        _WORDS.get(what, what) if not other else "Replaced by another" if other == own else "Made of another",
        str(fields.get("by") or fields.get("created_by") or ""),
        _detail(what, fields, now),
        other,
    )


def _detail(what: str, fields: Any, now: float) -> str:
    ends_at = fields.get("ends_at")
    if what == "expire" or not isinstance(ends_at, int | float):
        return ""
    return f"until {moment_text(float(ends_at), now)}"
