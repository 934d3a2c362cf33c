"""The time that the chart of an alert shows."""

import pytest

from exporter.alert_charts import span_around

MINUTE = 60_000
HOUR = 60 * MINUTE
NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("began", "ended", "at", "minutes"),
    [
        pytest.param(NOW - 5 * MINUTE, None, NOW, 65, id="one that fires, with the hour before"),
        pytest.param(NOW - 5 * HOUR, None, NOW, 360, id="from its beginning"),
        pytest.param(NOW - 100 * HOUR, None, NOW, 13 * 60, id="the last hours of one that lasts long"),
        pytest.param(NOW - MINUTE, NOW, NOW, 11, id="a short one that is over, closer"),
        pytest.param(NOW - 3 * HOUR, NOW - HOUR, NOW - HOUR, 195, id="one that has been over for an hour"),
    ],
)
def test_an_alert_is_shown_with_what_was_before(began: int, ended: int | None, at: int, minutes: int) -> None:
    span = span_around(at, began, ended, NOW)
    assert abs(span.span_ms - minutes * MINUTE) <= 2 * span.step_ms
    assert span.start_ms < began or began < NOW - 24 * HOUR
    assert 0 <= span.end_ms - min(NOW, (ended or NOW)) <= HOUR
    assert span.span_ms / span.step_ms <= 200
