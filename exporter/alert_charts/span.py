"""The time that the chart of an alert shows."""

from typing import Final

from exporter.charts.time_range import TimeRange, ending_at

_HOUR_MS: Final = 3_600_000
_SHORT_MS: Final = 600_000
_MOST_MS: Final = 24 * _HOUR_MS


def span_around(at_ms: int, began_ms: int, ended_ms: int | None, now_ms: int) -> TimeRange:
    """Return the time from somewhat before an alert began until its end, or now where it goes on.

    All in epoch milliseconds. Of one that lasts long it is the day around `at_ms`.
    """
    is_over = ended_ms is not None
    ended_ms = now_ms if ended_ms is None else ended_ms
    began_ms = min(began_ms or at_ms, at_ms)
    # One that was short would fall between two steps of a long range.
    before_ms = min(_HOUR_MS, max(_SHORT_MS, 4 * (ended_ms - began_ms))) if is_over else _HOUR_MS
    start_ms = max(began_ms, at_ms - _MOST_MS // 2) - before_ms
    end_ms = min(now_ms, max(ended_ms, at_ms) + before_ms // 4, start_ms + _MOST_MS)
    span = ending_at(end_ms, max(end_ms - start_ms, _SHORT_MS))
    if span.end_ms == end_ms:
        return span
    # What has just happened is seen, and not at the next step.
    return TimeRange(span.start_ms + span.step_ms, span.end_ms + span.step_ms, span.step_ms)
