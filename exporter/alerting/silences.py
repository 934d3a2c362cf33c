"""Silences: alerts that are muted for a while.

Source: github.com/prometheus/alertmanager, silence/silence.go.
"""

import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from exporter.alerting.silence_index import SilenceIndex
from exporter.errors import VigilError
from exporter.model.labels import NO_ANNOTATIONS, Labels
from exporter.model.matcher import Matcher

RETENTION_SECONDS: Final = 120 * 3600.0
"""The time that a silence is kept after its end."""

MAX_MATCHERS: Final = 1_000
MAX_MATCHER_CHARACTERS: Final = 100_000
MAX_TEXT_CHARACTERS: Final = 100_000


class SilenceState(StrEnum):
    """State of a silence."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"


class InvalidSilenceError(VigilError):
    """A silence that cannot be accepted."""


class UnknownSilenceError(VigilError):
    """There is no silence with this id."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes alerts that match, from `starts_at` to `ends_at` (seconds since the epoch).

    `id` is empty for one that is to be created.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    updated_at: float = 0.0
    annotations: Labels = NO_ANNOTATIONS

    def state(self, now: float) -> SilenceState:
        """Return pending before the start, expired after the end, else active."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.EXPIRED if now >= self.ends_at else SilenceState.ACTIVE

    def matches(self, labels: Labels) -> bool:
        """Return whether an alert satisfies every matcher."""
        return all(matcher.matches(labels) for matcher in self.matchers)


class Silences:
    """All silences, at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # In order of their creation, which a change keeps.
        self._silences: dict[str, Silence] = {}
        self._index = SilenceIndex()
        self._active: dict[str, int] = {}
        # Which silences are active stays as it is in between, and as long as none changes.
        self._active_from = self._active_until = 0.0
        self._epoch = 0

    def __iter__(self) -> Iterator[Silence]:
        return iter(list(self._silences.values()))

    def get(self, silence_id: str) -> Silence:
        """Return the silence with an id; raises `UnknownSilenceError`."""
        try:
            return self._silences[silence_id]
        except KeyError:
            raise UnknownSilenceError(f"there is no silence {silence_id}") from None

    def find(self, silence_id: str) -> Silence | None:
        """Return the silence with an id, if there is one."""
        return self._silences.get(silence_id)

    def put(self, silence: Silence, now: float) -> list[Silence]:
        """Create a silence, or change the one of its id; return all that changed, the silence itself last.

        A change that would rewrite the past (other matchers, another start of one that has started, one that
        has expired) ends the old silence and creates a new one.

        Raises `InvalidSilenceError` and `UnknownSilenceError`.
        """
        silence = replace(silence, starts_at=silence.starts_at or now, updated_at=now)
        check_silence(silence)
        if silence.ends_at <= now:
            raise InvalidSilenceError("the end must not be in the past")
        changed: list[Silence] = []
        known = self.get(silence.id) if silence.id else None
        if known is None or not _can_change(known, silence, now):
            if len(self._silences) >= self._limit:
                raise InvalidSilenceError(f"there are {self._limit} silences already, which is the limit")
            if known is not None:
                changed += self.expire(known.id, now)
            silence = replace(silence, id=str(uuid.uuid4()), starts_at=max(silence.starts_at, now))
        self._store(silence)
        return [*changed, silence]

    def restore(self, silences: Iterable[Silence]) -> None:
        """Add silences as they were saved."""
        for silence in silences:
            self._store(silence)

    def revert(self, changed: Sequence[Silence], before: Sequence[Silence]) -> list[str]:
        """Restore silences as they were, unless they changed again; return the ids of those that were new."""
        earlier = {silence.id: silence for silence in before}
        made = []
        for silence in changed:
            if self._silences.get(silence.id) is not silence:
                continue
            if silence.id in earlier:
                self._store(earlier[silence.id])
            else:
                made.append(silence.id)
        self._drop(made)
        return made

    def expire(self, silence_id: str, now: float) -> list[Silence]:
        """End a silence now; return what changed, nothing if it had ended. Raises `UnknownSilenceError`."""
        silence = self.get(silence_id)
        state = silence.state(now)
        if state is SilenceState.EXPIRED:
            return []
        starts_at = now if state is SilenceState.PENDING else silence.starts_at
        ended = replace(silence, starts_at=starts_at, ends_at=now, updated_at=now)
        self._store(ended)
        return [ended]

    def set_back(self, before: float, now: float) -> list[Silence]:
        """Keep silences active that were so before the clock was set back; return those that changed.

        The ends stay as they were written.
        """
        active = [one for one in self._silences.values() if one.state(before) is SilenceState.ACTIVE]
        changed = [replace(silence, starts_at=now) for silence in active if silence.starts_at > now]
        for silence in changed:
            self._store(silence)
        return changed

    def silencing(self, labels: Labels, now: float) -> tuple[str, ...]:
        """Return the ids of the active silences that match an alert, the oldest first."""
        if not self._active_from <= now < self._active_until:
            self._find_active(now)
        matching = self._index.matching(labels)
        if matching.epoch != self._epoch:
            active = self._active
            ids = (one for number in matching.conditions for one in self._index.ids[number] if one in active)
            matching.active, matching.epoch = tuple(sorted(ids, key=active.__getitem__)), self._epoch
        return matching.active

    def count(self, now: float) -> dict[SilenceState, int]:
        """Count the silences of each state."""
        counts = dict.fromkeys(SilenceState, 0)
        for silence in self._silences.values():
            counts[silence.state(now)] += 1
        return counts

    def drop_alert(self, labels: Labels) -> None:
        """Drop the cached matches of an alert that was dropped."""
        self._index.forget(labels)

    def collect_garbage(self, now: float) -> list[str]:
        """Drop silences that ended long ago; return their ids."""
        dropped = [one.id for one in self._silences.values() if one.ends_at + RETENTION_SECONDS <= now]
        self._drop(dropped)
        return dropped

    def _drop(self, ids: Sequence[str]) -> None:
        for silence_id in ids:
            self._index.remove(silence_id, self._silences.pop(silence_id).matchers)
        if self._index.is_worn:
            self._index = SilenceIndex()
            for silence in self._silences.values():
                self._index.add(silence.id, silence.matchers)
        self._active_until = self._active_from

    def _store(self, silence: Silence) -> None:
        if silence.id not in self._silences:
            self._index.add(silence.id, silence.matchers)
        self._silences[silence.id] = silence
        self._active_until = self._active_from

    def _find_active(self, now: float) -> None:
        """Find the silences that are active, and between which moments that is so."""
        silences = self._silences.values()
        states = enumerate((one.id, one.state(now)) for one in silences)
        self._active = {one: place for place, (one, state) in states if state is SilenceState.ACTIVE}
        moments = [at for one in silences for at in (one.starts_at, one.ends_at)]
        self._active_from = max((at for at in moments if at <= now), default=-math.inf)
        self._active_until = min((at for at in moments if at > now), default=math.inf)
        self._epoch += 1


def _can_change(known: Silence, silence: Silence, now: float) -> bool:
    """Return whether a change leaves the past as it was.

    Source: `canUpdate` of github.com/prometheus/alertmanager, silence/silence.go.
    """
    if sorted(known.matchers) != sorted(silence.matchers):
        return False
    match known.state(now):
        case SilenceState.ACTIVE:
            return int(silence.starts_at) == int(known.starts_at) and silence.ends_at >= now
        case SilenceState.PENDING:
            return silence.starts_at >= now
        case _:
            return False


def check_silence(silence: Silence) -> None:
    """Raise `InvalidSilenceError` where a silence cannot be accepted."""
    for is_wrong, sentence in _RULES:
        if is_wrong(silence):
            raise InvalidSilenceError(sentence)


def _all_match_empty(matchers: Sequence[Matcher]) -> bool:
    # As in Alertmanager, negative matchers do not count as matching everything.
    return all(matcher.op in ("=", "=~") and matcher.matches_empty for matcher in matchers)


_RULES: Final[tuple[tuple[Callable[[Silence], bool], str], ...]] = (
    (lambda silence: not silence.matchers, "at least one matcher is required"),
    (lambda silence: len(silence.matchers) > MAX_MATCHERS, f"there are more than {MAX_MATCHERS} matchers"),
    (
        lambda silence: (
            sum(len(one.name) + len(one.value) for one in silence.matchers) > MAX_MATCHER_CHARACTERS
        ),
        f"the matchers are longer than {MAX_MATCHER_CHARACTERS} characters",
    ),
    (
        lambda silence: any(not matcher.name for matcher in silence.matchers),
        "a matcher needs the name of a label",
    ),
    (
        lambda silence: _all_match_empty(silence.matchers),
        "at least one matcher must not match the empty string",
    ),
    (lambda silence: silence.ends_at <= silence.starts_at, "the start must be before the end"),
    (
        lambda silence: len(silence.comment) + len(silence.created_by) > MAX_TEXT_CHARACTERS,
        f"comment and author are longer than {MAX_TEXT_CHARACTERS} characters",
    ),
)
