"""Charts of anything, for tests of properties."""

import math
from typing import Any

from hypothesis import strategies as st

from exporter.charts import Band, Chart, Kind, Mark, MarkKind, Series, Threshold, Unit

START_MS = 1_773_439_200_000
STEP_MS = 108_000
END_MS = START_MS + 200 * STEP_MS

_SEVERITIES = st.sampled_from(["critical", "warning", "info", "quiet"])
_TIMES = st.integers(START_MS - 10**7, END_MS + 10**7)
values = st.one_of(
    st.none(),
    st.floats(),
    st.floats(0, 100),
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 1e-300, math.nan, math.inf, -math.inf, 1.0]),
)
texts = st.one_of(
    st.text(max_size=30), st.sampled_from(["<script>\"&'", "\x1b[31m\x00\ud800", "x" * 3000, "]]>", "used"])
)


@st.composite
def points(draw: st.DrawFn) -> list[tuple[int, Any]]:
    """Nothing, one, some, and more than can be seen; before, in and after the time of the chart."""
    count = draw(st.sampled_from([0, 1, 2, 5, 30, 500]))
    step_ms = draw(st.sampled_from([1, 1000, STEP_MS]))
    start_ms = draw(_TIMES)
    some = draw(st.lists(values, min_size=min(count, 30), max_size=min(count, 30)))
    return [(start_ms + index * step_ms, some[index % len(some)]) for index in range(count)]


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """A chart of anything that may be in one, up to 50 series."""
    count = draw(st.sampled_from([0, 1, 2, 8, 9, 50]))
    made = draw(st.lists(st.tuples(texts, points()), min_size=min(count, 3), max_size=min(count, 3)))
    colours = st.integers(0, 8)
    series = []
    for index in range(count):
        name, some = made[index % len(made)]
        series.append(Series(name, some, draw(colours), index == 1 and draw(st.booleans())))
    thresholds = st.builds(Threshold, st.floats(), texts, _SEVERITIES)
    marks = st.builds(Mark, _TIMES, st.sampled_from(MarkKind), texts, _SEVERITIES, texts)
    return Chart(
        draw(texts),
        draw(st.sampled_from(Unit)),
        START_MS,
        draw(st.sampled_from([END_MS, START_MS, START_MS + 1, START_MS + 400 * 86_400_000])),
        draw(st.sampled_from([0, 1, 1000, STEP_MS])),
        series,
        draw(st.sampled_from(Kind)),
        draw(st.lists(thresholds, max_size=2)),
        draw(st.lists(marks, max_size=4)),
        draw(st.lists(st.builds(Band, _TIMES, _TIMES, _SEVERITIES), max_size=2)),
        draw(st.none() | st.floats(0, 1)),
        draw(st.none() | st.floats(0, 1)),
        draw(st.booleans()),
    )
