"""Extending a silence, by a button or by what somebody has typed."""

from dataclasses import replace
from typing import Final

from exporter.alerting.silences import Silence, SilenceState
from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.web.pages.actions import Form
from exporter.web.pages.silences.draft import LONGEST_MS

STEPS: Final = ("1h", "4h")
"""The durations that have buttons."""


def read_extension(silence: Silence, form: Form, now: float) -> tuple[Silence | None, str]:
    """The silence with a later end, or None and why not, in a sentence."""
    text = form.text("by") or form.text("duration")
    if silence.state(now) is SilenceState.EXPIRED:
        return None, "It has ended meanwhile, and what has ended stays as it is: make it again."
    try:
        by_ms = parse_duration(text)
    except InvalidDurationError as error:
        return None, f"{error}." if text else "Write by how much it is to be longer, such as 30m."
    if not 0 < by_ms <= LONGEST_MS:
        return None, "Write a duration between 1s and 3650d, such as 30m."
    ends_at = silence.ends_at + by_ms / 1000
    if ends_at > now + LONGEST_MS / 1000:
        return None, "It would last for more than ten years."
    return replace(silence, ends_at=ends_at), ""
