"""Filters of the list of alerts, by Alertmanager's parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.alertmanager.matchers import InvalidMatcherError, parse_matchers
from exporter.model.labels import Labels
from exporter.model.matcher import InvalidRegexError, Matcher, MatchOp
from exporter.web.pages.address import Address

SWITCHES: Final = ("silenced", "inhibited", "muted", "pending")
_OFF: Final = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted; `error` says what is wrong with what was written, which then filters nothing.

    `text` is what was written, `hidden` the switches that are off, `receiver` an expression
    for names.
    """

    text: str
    error: str
    matchers: Sequence[Matcher]
    hidden: frozenset[str]
    receiver: str
    receiver_matcher: Matcher | None

    @classmethod
    def of(cls, address: Address) -> "AlertFilter":
        """Read the parameters `filter` (several), `receiver` and the switches; raises `PageError`."""
        matchers: list[Matcher] = []
        error = ""
        texts = [text.strip() for text in address.texts("filter")]
        for text in texts:
            try:
                matchers += parse_matchers(text)
            except InvalidMatcherError as fault:
                place = f"1:{fault.column}: " if fault.column else ""
                error = error or place + str(fault).removeprefix(f"{text}: ")
        receiver = address.text("receiver")
        receiver_matcher = None
        if receiver:
            try:
                receiver_matcher = Matcher("receiver", MatchOp.REGEX, receiver, dot_newline=False)
            except InvalidRegexError as fault:
                error = error or f"receiver is not a regular expression: {fault}"
        hidden = frozenset(name for name in SWITCHES if address.text(name).lower() in _OFF)
        text = texts[0] if len(texts) == 1 else ", ".join(text.strip("{}, ") for text in texts)
        wanted = [] if error else matchers
        return cls(text, error, wanted, hidden, receiver, receiver_matcher)

    @property
    def is_on(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.matchers or self.hidden or self.receiver_matcher)

    def admits(self, labels: Labels) -> bool:
        """Whether an alert with these labels is wanted."""
        return all(one.matches(labels) for one in self.matchers)

    def admits_receiver(self, name: str) -> bool:
        """Whether what this receiver is sent is wanted."""
        return self.receiver_matcher is None or self.receiver_matcher.matches_value(name)
