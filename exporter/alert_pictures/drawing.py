"""The picture of one alert: chart, SVG, PNG."""

import asyncio
from datetime import datetime
from typing import Final

from exporter.alert_charts import AlertChart, Episode, span_around, tone_of
from exporter.alert_pictures.finding import FoundAlert
from exporter.charts import Chart, compute, picture
from exporter.charts.plot import describe
from exporter.charts.png import draw_png
from exporter.charts.time_range import TimeRange
from exporter.clock import to_milliseconds
from exporter.errors import PictureError
from exporter.notify.pictures import MOST_BYTES, Picture
from exporter.web.pages.page_queries import PageQueries

# What our mails have room for.
_WIDTH: Final = 590
_HEIGHT: Final = 170
_LONGEST_DESCRIPTION: Final = 400
_NO_BREAK: Final = "\u00a0"


async def draw_alert(
    found: FoundAlert, queries: PageQueries, now: float, deadline_seconds: float
) -> Picture | None:
    """Return the picture of an alert at `now` (epoch seconds); None where there are no samples.

    Raises `PictureError`.
    """
    alert, span = _chart_of(found), _span_of(found, now)
    answers = await queries.ranges(alert.expressions, span)
    chart = alert.chart([one.series for one in answers], span)
    if chart is None:
        error = next((one.error for one in answers if one.error), "")
        if error:
            raise PictureError(error)
        return None
    svg, description = await asyncio.to_thread(_draw, chart, now)
    png = await draw_png(svg, deadline_seconds, most_bytes=MOST_BYTES)
    return Picture(png, found.alert.fingerprint, alert.title, description, _WIDTH, _height_of(png))


def _chart_of(found: FoundAlert) -> AlertChart:
    active, labels = found.active, found.alert.labels
    title = ": ".join(filter(None, (labels.get("alertname"), labels.get("instance"))))
    episode = Episode(active.active_at_ms, active.fired_at_ms, active.resolved_at_ms or None)
    return AlertChart(found.rule, active.labels, title, tone_of(labels.get("severity")), [episode])


def _span_of(found: FoundAlert, now: float) -> TimeRange:
    """Until now, or until it was over: the news of a message is at the right."""
    now_ms, active = to_milliseconds(now), found.active
    ended_ms = active.resolved_at_ms or None
    return span_around(ended_ms or now_ms, active.active_at_ms, ended_ms, now_ms)


def _draw(chart: Chart, now: float) -> tuple[str, str]:
    """The SVG, with the times of this machine's zone as in the text of a message, and what it shows."""
    moment = datetime.fromtimestamp(now).astimezone()
    offset, zone = moment.utcoffset(), moment.tzname() or ""
    chart = chart.shifted(0 if offset is None else round(offset.total_seconds() * 1000))
    svg = picture(chart, width=_WIDTH, height=_HEIGHT, zone=zone)
    limits = "".join(f" It {one.text}." for one in chart.thresholds)
    # A text for all kinds of programs, some of which show what does not break as they like.
    told = f"{describe(compute(chart))}{limits}".replace(_NO_BREAK, " ")
    return svg, told[:_LONGEST_DESCRIPTION]


def _height_of(png: bytes) -> int:
    """The height to show a PNG in, by its header (PNG, 11.2.1)."""
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    return round(height * _WIDTH / width)
