"""Charts for pages: whatever the data, the markup is sound and what it shows is true."""

import math
import re
from base64 import b64decode
from struct import iter_unpack
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from exporter.charts import (
    Band,
    Chart,
    Kind,
    Mark,
    MarkKind,
    Series,
    Threshold,
    Unit,
    compute,
    legend,
    plot,
    sparkline,
)

START, STEP = 1_700_000_000_000, 15_000

values = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, math.nan, math.inf])
names = st.text(max_size=30) | st.sampled_from(["<script>alert(1)</script>", '" onload="x', "\x1b[2J", "‮"])


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    steps = draw(st.integers(1, 600))
    series = []
    for _ in range(draw(st.integers(0, 12))):
        moments = sorted(draw(st.sets(st.integers(-2, steps + 2), max_size=20)))
        points = [(START + moment * STEP, draw(values)) for moment in moments]
        series.append(Series(draw(names), points, draw(st.integers(1, 8)), draw(st.booleans())))
    return Chart(
        draw(names),
        draw(st.sampled_from(list(Unit))),
        START,
        START + steps * STEP,
        STEP,
        series,
        draw(st.sampled_from(list(Kind))),
        [Threshold(draw(values), draw(names))] if draw(st.booleans()) else (),
        [Mark(START + draw(st.integers(-9, steps)) * STEP, MarkKind.ALERT, draw(names), href=draw(names))],
        [Band(START, START + 5 * STEP, "warning")],
        is_from_zero=draw(st.booleans()),
    )


@given(charts())
def test_the_markup_is_sound_whatever_the_data(chart: Chart) -> None:
    for text in filter(None, (plot(chart), legend(compute(chart)))):
        ElementTree.fromstring(text.replace("&nbsp;", " "))
        assert "style=" not in text
        assert "<script" not in text
        assert not re.search(r'"[^"]*\b(nan|inf)\b[%"]', text), text
    for path in re.findall(r'class="(?:ln|ar|st)[^"]*" d="([^"]*)"', plot(chart)):
        assert re.fullmatch(r"[Mlz\d -]*", path), path


@given(st.lists(st.none() | values, max_size=30))
def test_sparklines_are_sound_whatever_the_data(numbers: list[float | None]) -> None:
    text = sparkline(numbers)
    if text:
        ElementTree.fromstring(text)
        assert len(text) < 500
        assert "nan" not in text


def chart(*lines: list[float | None], kind: Kind = Kind.LINES, steps: int = 10, **options: object) -> Chart:
    series = [
        Series(f"line {number}", [(START + at * STEP, one) for at, one in enumerate(line) if one is not None])
        for number, line in enumerate(lines, 1)
    ]
    return Chart("Memory", Unit.BYTES, START, START + steps * STEP, STEP, series, kind, **options)  # type: ignore[arg-type]


def drawn(text: str) -> list[float | None]:
    """The values that the module of the pages reads out of the first path."""
    low, high, packed = re.findall(r'data-lo="([^"]*)" data-hi="([^"]*)" data-v="([^"]*)"', text)[0]
    found: list[float | None] = []
    for (number,) in iter_unpack("<H", b64decode(packed)):
        share = number / 0xFFFE * (float(high) - float(low))
        found.append(None if number == 0xFFFF else float(low) + share)
    return found


def test_a_gap_is_a_gap() -> None:
    text = plot(chart([1.0, 2.0, 3.0, None, None, None, 4.0, 5.0, 4.0, 3.0, 2.0]))
    (path,) = re.findall(r'class="ln c1" d="([^"]*)"', text)
    assert path.count("M") == 2
    assert text.count('class="gap"') == 1
    assert drawn(text)[3:6] == [None] * 3


def test_the_module_reads_the_values_that_are_drawn() -> None:
    line: list[float | None] = [1.0, 2.5, 9.0, 4.0, 0.0, 3.25, 7.5, 8.0, 2.0, 1.0, 6.0]
    for read, one in zip(drawn(plot(chart(line))), line, strict=True):
        assert read is not None
        assert one is not None
        assert abs(read - one) < 0.0002


def test_a_spike_is_not_lost_where_there_are_more_points_than_can_be_seen() -> None:
    line: list[float | None] = [1.0] * 5_000
    line[3_333] = 1_000.0
    line[1_111] = -5.0
    found = [one for one in drawn(plot(chart(line, steps=5_000))) if one is not None]
    assert len(found) <= 220
    assert max(found) == 1_000.0
    assert min(found) == -5.0


def test_of_many_lines_the_largest_are_drawn_and_a_stack_keeps_its_sum() -> None:
    lines: list[list[float | None]] = [[float(number)] * 11 for number in range(1, 21)]
    assert [line.series.name for line in compute(chart(*lines)).lines] == [f"line {n}" for n in range(14, 21)]
    assert compute(chart(*lines)).hidden == 13
    stack = compute(chart(*lines, kind=Kind.STACKED))
    assert stack.lines[-1].series.name == "other, 13"
    assert sum(line.values[0] for line in stack.lines) == sum(range(1, 21))


def test_a_threshold_is_told_with_its_line() -> None:
    text = plot(chart([1.0] * 11, thresholds=[Threshold(2.0, "limit 2 B", "critical")]))
    assert "limit 2 B" in text
    assert '<g class="critical"><line class="th"' in text


def test_texts_of_thresholds_do_not_lie_upon_each_other() -> None:
    near = [Threshold(2.0 - number / 100, f"limit {number}", "warning") for number in range(3)]
    text = plot(chart([1.0] * 11, thresholds=near))
    assert '<text class="tl" x="4"' in text
    assert '<text class="tl r" x="100%"' in text
    # There is no room for a third; its line says it when it is pointed at.
    assert "<title>limit 2</title><line" in text
    assert text.count('class="th"') == 3


def test_a_text_that_has_no_room_on_the_usual_side_of_its_line_stands_on_the_other() -> None:
    near = [Threshold(value, f"limit {value}", "warning") for value in (2.0, 1.97, 1.8)]
    text = plot(chart([1.0] * 11, thresholds=near))
    assert [text.count(f">limit {value}</text>") for value in (2.0, 1.97, 1.8)] == [1, 1, 1]


def test_marks_that_lie_near_to_each_other_become_one() -> None:
    marks = [Mark(START + at, MarkKind.RESTART, f"restart {at}") for at in (30_000, 30_500, 90_000)]
    text = plot(chart([1.0] * 11, marks=marks))
    assert text.count('class="mk"') == 2
    assert "restart 30000; restart 30500" in text
    assert ">2</text>" in text
