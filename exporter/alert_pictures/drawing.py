"""The picture of one alert of a rule."""

from exporter.alert_charts import AlertChart, Episode, span_around, tone_of
from exporter.alert_pictures.finding import FoundAlert
from exporter.alert_pictures.rendering import picture_of_chart
from exporter.charts.time_range import TimeRange
from exporter.clock import to_milliseconds
from exporter.errors import PictureError
from exporter.notify.pictures import Picture
from exporter.web.pages.page_queries import PageQueries


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
    return await picture_of_chart(chart, found.alert.fingerprint, now, deadline_seconds)


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
