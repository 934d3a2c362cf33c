"""Header Retry-After: how long a receiver asks to wait (RFC 9110, 10.2.3)."""

import email.utils
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MOST_SECONDS: Final = 300.0
"""The longest wait; if a receiver asks for more, it is tried once in this time."""

_MOST_DIGITS: Final = 20
_LATEST: Final = 253_402_300_799.0  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that was asked for, and from when on (epoch seconds)."""

    asked_seconds: float
    begins_at: float

    @property
    def seconds(self) -> float:
        """How long it is kept."""
        return min(self.asked_seconds, MOST_SECONDS)

    def __str__(self) -> str:
        """In words, such as `asks to wait 86400 s, until 2026-03-01T12:00:00Z; tried again after 300 s`."""
        until = datetime.fromtimestamp(min(self.begins_at + self.asked_seconds, _LATEST), UTC)
        text = f"asks to wait {self.asked_seconds:.0f} s, until {until:%Y-%m-%dT%H:%M:%SZ}"
        if self.seconds < self.asked_seconds:
            text += f"; tried again after {self.seconds:.0f} s"
        return text


def read_pause(header: str, now: float) -> Pause | None:
    """Read the pause that a header asks for, in seconds or by a date; None where it is neither, or over."""
    seconds = retry_after_seconds(header, now)
    return Pause(seconds, now) if seconds else None


def retry_after_seconds(header: str, now: float) -> float | None:
    """How long a header asks to wait; None where it says nothing that can be read."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        # However long: a text of thousands of digits is no more than the end of time.
        return min(float(text[:_MOST_DIGITS]), _LATEST)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, moment - now) if math.isfinite(moment) else None
