"""The picture of a test message: made-up values, so that somebody sees whether pictures arrive."""

import math
from collections.abc import Sequence
from typing import Final

from exporter.alert_pictures.rendering import picture_of_chart
from exporter.charts import Band, Chart, Mark, MarkKind, Series, Threshold, Unit
from exporter.charts.time_range import ending_at
from exporter.clock import to_milliseconds
from exporter.errors import PictureError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.notify.pictures import Picture

_HOUR_MS: Final = 3_600_000
_LIMIT: Final = 0.85
_TONE: Final = "warning"
_DEADLINE_SECONDS: Final = 10.0

_log = get_logger(__name__)


class SamplePictures:
    """Draws for test messages alone: of other alerts it knows nothing."""

    async def draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
        """Return None."""
        return None

    async def sample(self, alert: Alert, now: float) -> Picture | None:
        """Return an example, for an alert at `now` (epoch seconds); None where it could not be drawn."""
        try:
            return await picture_of_chart(_example(alert, now), alert.fingerprint, now, _DEADLINE_SECONDS)
        except PictureError as error:
            _log.warning("a test message has no picture", error=str(error))
            return None

    def count_refused(self) -> None:
        """Nothing is counted: who tests sees it."""


def _example(alert: Alert, now: float) -> Chart:
    """The memory of a server that does not exist, which rises over its limit."""
    span = ending_at(to_milliseconds(now), _HOUR_MS)
    fired_ms = span.end_ms - span.span_ms // 6
    points = [
        (at_ms, 0.5 + 0.42 / (1 + math.exp((fired_ms - at_ms) / 400_000 - 1.6)))
        for at_ms in range(span.start_ms, span.end_ms + 1, span.step_ms)
    ]
    return Chart(
        f"An example: {alert.name}",
        Unit.RATIO,
        span.start_ms,
        span.end_ms,
        span.step_ms,
        [Series("used", points)],
        thresholds=[Threshold(_LIMIT, "fires above 85 %", _TONE)],
        marks=[Mark(fired_ms, MarkKind.ALERT, "fires", _TONE)],
        bands=[Band(fired_ms, span.end_ms, _TONE)],
        highest=1.0,
    )
