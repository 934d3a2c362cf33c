"""A chart as picture for messages: SVG, PNG, and what it shows in words."""

import asyncio
from datetime import datetime
from typing import Final

from exporter.charts import Chart, compute, picture
from exporter.charts.plot import describe
from exporter.charts.png import draw_png
from exporter.notify.pictures import MOST_BYTES, Picture

# What our mails have room for.
_WIDTH: Final = 590
_HEIGHT: Final = 170
_LONGEST_DESCRIPTION: Final = 400
_NO_BREAK: Final = "\u00a0"


async def picture_of_chart(chart: Chart, fingerprint: str, now: float, deadline_seconds: float) -> Picture:
    """Return the picture of a chart, for the alert with a fingerprint, at `now` (epoch seconds).

    Raises `PictureError`.
    """
    svg, description = await asyncio.to_thread(_draw, chart, now)
    png = await draw_png(svg, deadline_seconds, most_bytes=MOST_BYTES)
    return Picture(png, fingerprint, chart.title, description, _WIDTH, _height_of(png))


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
