"""`Draft`: a silence as somebody has typed it, with what is wrong under each field."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self

from exporter.alerting.silences import InvalidSilenceError, Silence, SilenceState, check_silence
from exporter.config.alertmanager.matchers import InvalidMatcherError, format_matchers, parse_matchers
from exporter.model.duration import InvalidDurationError, format_duration, parse_duration
from exporter.model.matcher import Matcher
from exporter.web.pages.actions import Form
from exporter.web.pages.address import Address
from exporter.web.pages.moments import moment_text

DEFAULT_DURATION: Final = "2h"
LONGEST_MS: Final = 3650 * 86_400_000

# So long somebody may think about a form in which a moment is filled in.
_OPEN_SECONDS: Final = 3600
_NO_MATCHER: Final = 'Name what is to be silenced, such as alertname="RedisDown", instance="cache-1".'


@dataclass(slots=True)
class Draft:
    """The texts of the form of a silence, and what they come to by `read`; `errors` by the names of fields.

    `silence_id` is that of the silence that is to be changed, else empty. `until` is the end that the button
    said when it had read `until_for` as the duration.
    """

    filter: str = ""
    starts: str = ""
    duration: str = DEFAULT_DURATION
    created_by: str = ""
    comment: str = ""
    silence_id: str = ""
    until: str = ""
    until_for: str = ""
    matchers: tuple[Matcher, ...] = field(default=(), init=False)
    starts_at: float = field(default=0.0, init=False)
    ends_at: float = field(default=0.0, init=False)
    errors: dict[str, str] = field(default_factory=dict, init=False)

    @classmethod
    def of_address(cls, address: Address, author: str) -> Self:
        """What a link asks for: `?filter={a="b"}&comment=&duration=`. Raises `PageError`."""
        return cls(
            filter=address.text("filter"),
            duration=address.text("duration") or DEFAULT_DURATION,
            created_by=author,
            comment=address.text("comment"),
        )

    @classmethod
    def of_form(cls, form: Form) -> Self:
        """What somebody has typed."""
        names = ("filter", "starts", "duration", "created_by", "comment", "silence_id", "until", "until_for")
        return cls(**{name: form.text(name) for name in names})

    @classmethod
    def of_silence(cls, silence: Silence, now: float, author: str) -> Self:
        """A silence as it is, to be changed; one that has expired, to be made again."""
        state = silence.state(now)
        left_ms = round((silence.ends_at - max(now, silence.starts_at)) / 60) * 60_000
        is_over = state is SilenceState.EXPIRED
        duration = DEFAULT_DURATION if is_over else format_duration(max(60_000, left_ms))
        return cls(
            filter=format_matchers(silence.matchers),
            starts=_written(silence.starts_at) if state is SilenceState.PENDING else "",
            duration=duration,
            created_by=author or silence.created_by,
            comment=silence.comment,
            silence_id="" if is_over else silence.id,
            until="" if is_over else repr(silence.ends_at),
            until_for="" if is_over else duration,
        )

    def read(self, now: float) -> None:
        """Read matchers and times; what is wrong goes into `errors`."""
        self.matchers = self._read_matchers()
        self.starts_at = self._read_start(now)
        self.ends_at = self._read_end(now)
        self.until, self.until_for = repr(self.ends_at), self.duration

    def complete(self, now: float, known: Silence | None) -> Silence:
        """The silence that is to be made, or to be made of a known one; what is wrong goes into `errors`."""
        self.read(now)
        if not self.comment:
            self.errors["comment"] = "Say why, for whoever comes after you."
        if not self.created_by:
            self.errors["created_by"] = "Say who you are."
        starts_at = self.starts_at
        if known is not None and known.starts_at <= now:
            # It goes on as the same silence where its matchers have not changed.
            starts_at = known.starts_at
        silence = Silence(
            id=known.id if known is not None else "",
            matchers=self.matchers,
            starts_at=starts_at,
            ends_at=self.ends_at,
            created_by=self.created_by,
            comment=self.comment,
        )
        if not self.errors:
            self._check(silence)
        return silence

    def until_text(self, now: float) -> str:
        """When it ends, as the button says it."""
        return moment_text(self.ends_at, now) if self.ends_at else ""

    def _check(self, silence: Silence) -> None:
        try:
            check_silence(silence)
        except InvalidSilenceError as error:
            self.errors["filter" if "matcher" in str(error) else "comment"] = _sentence(str(error))

    def _read_matchers(self) -> tuple[Matcher, ...]:
        if not self.filter.strip():
            self.errors["filter"] = _NO_MATCHER
            return ()
        try:
            matchers = tuple(parse_matchers(self.filter))
        except InvalidMatcherError as error:
            self.errors["filter"] = self._place(error.column) + str(error).removeprefix(f"{self.filter}: ")
            return ()
        if not matchers:
            self.errors["filter"] = _NO_MATCHER
        elif all(matcher.op in ("=", "=~") and matcher.matches_empty for matcher in matchers):
            self.errors["filter"] = "At least one matcher must not match the empty string."
        return matchers

    def _place(self, column: int) -> str:
        """Line and column of a fault in the matchers; nothing where it is not known."""
        if not column:
            return ""
        before = self.filter[: column - 1]
        return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "

    def _read_start(self, now: float) -> float:
        if not self.starts:
            return now
        try:
            moment = datetime.fromisoformat(self.starts)
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            self.errors["starts"] = "Leave it empty for now, or write a time in UTC such as 2026-03-14 22:00."
            return now
        if at > now + LONGEST_MS / 1000:
            self.errors["starts"] = "That is more than ten years ahead."
        elif at < now - _OPEN_SECONDS:
            self.errors["starts"] = "That is over: leave it empty for now."
        return max(at, now)

    def _read_end(self, now: float) -> float:
        """The moment that the button said, where what was typed is still that of then."""
        try:
            length_ms = parse_duration(self.duration)
        except InvalidDurationError as error:
            self.errors["duration"] = _sentence(str(error))
            return 0.0
        if not 0 < length_ms <= LONGEST_MS:
            self.errors["duration"] = "Write a duration between 1s and 3650d, such as 2h or 1h30m."
            return 0.0
        said = _seconds(self.until) if self.until_for == self.duration and not self.starts else 0.0
        if now < said <= now + LONGEST_MS / 1000:
            return said
        return self.starts_at + length_ms / 1000


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
