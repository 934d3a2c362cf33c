"""The time that a panel shows."""

from dataclasses import replace
from typing import Final

from exporter.charts.time_range import TimeRange, ending_at
from exporter.web.pages.graph.panels import Panel

# As many as the API takes.
_MOST_STEPS: Final = 11_000


def span_of(panel: Panel, now_ms: int) -> TimeRange:
    """Return the range of time of a panel, in its own steps or those that suit the range."""
    span = ending_at(panel.end_ms or now_ms, panel.range_ms, panel.range_text if panel.end_ms is None else "")
    if panel.step_ms is None:
        return span
    step_ms = max(panel.step_ms, -(-panel.range_ms // _MOST_STEPS))
    end_ms = panel.end_ms or now_ms
    return replace(
        span, start_ms=end_ms - panel.range_ms // step_ms * step_ms, end_ms=end_ms, step_ms=step_ms
    )
