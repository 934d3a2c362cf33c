"""What is left out of old rows, and what a query sees afterwards."""

import random
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.history.column import Column
from exporter.history.downsampling import thin, thin_apart
from exporter.model.labels import Labels
from exporter.model.sample import STALE, Family, Kind, Layout, Point, Sample, is_stale
from exporter.promql import Engine, Matrix, parse
from exporter.store import Store

STEP = 15_000
MINUTE = 60_000
DAY = 86_400_000


def column(values: Sequence[float]) -> Column:
    rows = [row for row, value in enumerate(values) if row == 0 or bits(value) != bits(values[row - 1])]
    return Column(array("I", rows), array("d", [values[row] for row in rows]))


def bits(value: float) -> bytes:
    return array("d", [value]).tobytes()


def spread(one: Column, rows: int) -> list[float]:
    found: list[float] = []
    for row in range(rows):
        change = max(place for place, first in enumerate(one.rows) if first <= row)
        found.append(one.values[change])
    return found


def labels(name: str) -> Labels:
    return Labels({"__name__": name})


def thinned(name: str, values: Sequence[float], step: int = STEP) -> dict[int, float]:
    times = array("q", range(0, len(values) * step, step))
    found = thin([labels(name)], times, [column(values)])
    return dict(zip(found.times, spread(found.columns[0], len(found.times)), strict=True))


def test_a_gauge_has_its_last_value_of_each_minute() -> None:
    # Rows at 0, 15, 30, 45, 60, … seconds.
    values = [float(row) for row in (10, 9, 10, 9.8, 10, 9.9, 10, 9.7, 10)]
    assert thinned("gauge", values) == {0: 10.0, 45_000: 9.8, 105_000: 9.7, 120_000: 10.0, 15_000: 9.0}


def test_a_spike_of_a_gauge_stays_and_noise_does_not() -> None:
    values = [5.0, 5.0, 500.0, 5.0, 5.0, 5.1, 5.0, 5.0, 5.0, 0.0, 5.0, 5.0]
    assert thinned("gauge", values) == {
        0: 5.0,
        30_000: 500.0,
        45_000: 5.0,
        105_000: 5.0,
        135_000: 0.0,
        165_000: 5.0,
    }


def test_a_counter_that_is_reset_shows_how_far_it_came() -> None:
    values = [0.0, 10.0, 20.0, 30.0, 40.0, 55.0, 3.0, 9.0, 20.0, 30.0, 40.0, 50.0]
    assert thinned("calls_total", values) == {
        0: 0.0,
        45_000: 30.0,
        75_000: 55.0,
        90_000: 3.0,
        105_000: 9.0,
        165_000: 50.0,
    }


def test_where_a_series_begins_and_ends_stays() -> None:
    values = [STALE, 5.0, 6.0, STALE, STALE, STALE, STALE, STALE]
    found = thinned("gauge", values)
    assert [at for at, value in found.items() if not is_stale(value)] == [15_000, 30_000]
    assert list(found) == [0, 15_000, 30_000, 45_000, 105_000]


def test_rows_that_stay_because_of_one_series_do_not_make_others_move() -> None:
    spiky = column([1.0, 1.0, 9.0, 1.0])
    noisy = column([1.0, 1.01, 1.02, 1.0])
    counter = column([0.0, 1.0, 2.0, 3.0])
    times = array("q", range(0, MINUTE, STEP))
    found = thin([labels("a"), labels("b"), labels("c_total")], times, [spiky, noisy, counter])
    assert list(found.times) == [0, 30_000, 45_000]
    assert [spread(one, 3) for one in found.columns] == [[1.0, 9.0, 1.0], [1.0, 1.0, 1.0], [0.0, 2.0, 3.0]]


def test_rows_without_series_stay_since_they_tell_of_an_end() -> None:
    ((name, series, found),) = thin_apart("here", [], array("q", range(0, 2 * MINUTE, STEP)), [])
    assert (name, series, found.columns) == ("here", [], [])
    assert list(found.times) == [0, 45_000, 105_000]


def test_what_has_one_row_a_minute_stays_as_it_is() -> None:
    times = array("q", range(0, 10 * MINUTE, MINUTE))
    columns = [column([float(row % 3) for row in range(10)])]
    found = thin([labels("a")], times, columns)
    assert found.times is times
    assert found.columns is columns


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 200), st.sampled_from([5_000, 15_000, 17_000]), st.integers(0, 1 << 30), st.booleans())
def test_what_holds_of_every_series(rows: int, step: int, seed: int, is_counter: bool) -> None:
    one = random.Random(seed)
    values, value = [], 0.0
    for _ in range(rows):
        if is_counter:
            value = 0.0 if one.random() < 0.03 else value + one.randrange(5)
        else:
            value = one.choice([value, value * 1.01, value + one.gauss(0, 3), 0.0, 100.0])
        values.append(STALE if one.random() < 0.03 else value)
    found = thinned("x_total" if is_counter else "x", values, step)
    whole = {row * step: each for row, each in enumerate(values)}
    minutes: dict[int, list[int]] = {}
    for at in whole:
        minutes.setdefault(at // MINUTE, []).append(at)
    for inside in minutes.values():
        # The last value of each minute is exact, and no spike is lost.
        assert bits(found[inside[-1]]) == bits(whole[inside[-1]])
        real = [whole[at] for at in inside if not is_stale(whole[at])]
        kept = [found[at] for at in inside if at in found and not is_stale(found[at])]
        if real and not is_counter:
            before = [found[at] for at in found if at < inside[0] and not is_stale(found[at])][-1:]
            near = 0.05 * max(map(abs, [*kept, *before]))
            assert max(real) <= max([*kept, *before]) + near
            assert min(real) >= min([*kept, *before]) - near
    if is_counter:
        assert all(bits(found[at]) == bits(whole[at]) for at in found)
        assert increase(list(found.values())) == increase(values)


def increase(values: Sequence[float]) -> float:
    """Growth with resets, as `increase()` counts it, over all samples."""
    real = [value for value in values if not is_stale(value)]
    return sum(later - one if later >= one else later for one, later in pairwise(real))


def answers(query: str, points: dict[int, float], moments: range) -> list[float | None]:
    """What a query says of a series at each moment."""
    name = query.partition("(")[2].partition("[")[0]
    family = Family(name, Kind.GAUGE, "")
    layout, store = Layout([Point(family, "", Labels())]), Store(retention_ms=DAY)
    for at, value in points.items():
        store.append(Sample("here", at, layout, [None if is_stale(value) else value]))
    answer = Engine(store).range(parse(query), moments[0], moments[-1], moments.step).value
    assert isinstance(answer, Matrix)
    found = dict(point for series in answer.series for point in series.points)
    return [found.get(at) for at in moments]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 50), st.integers(0, 50), st.integers(0, MINUTE))
def test_a_rate_of_five_minutes_stays_within_the_slowest_and_the_fastest(
    seed: int, least: int, more: int, offset: int
) -> None:
    one = random.Random(seed)
    values = list(accumulate((float(one.randint(least, least + more)) for _ in range(200)), initial=1e6))
    whole = {row * STEP: value for row, value in enumerate(values)}
    moments = range(8 * MINUTE + offset, 200 * STEP, 7_000)
    seen = answers("rate(x_total[5m])", thinned("x_total", values), moments)
    for before, after in zip(answers("rate(x_total[5m])", whole, moments), seen, strict=True):
        assert before is not None
        assert after is not None
        assert least / 15 - 1e-9 <= after <= (least + more) / 15 + 1e-9
        assert abs(before - after) <= more / 15 + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30))
def test_the_maximum_of_a_window_is_that_of_one_which_begins_up_to_a_minute_apart(seed: int) -> None:
    one = random.Random(seed)
    values = [one.choice([one.uniform(90, 110), one.uniform(0, 1000), 50.0]) for _ in range(160)]
    whole = {row * STEP: value for row, value in enumerate(values)}
    kept = thinned("x", values)
    # Windows of whole minutes.
    moments = range(6 * MINUTE - 1, 160 * STEP, MINUTE)
    narrow, wide = (answers(f"max_over_time(x[{minutes}m])", whole, moments) for minutes in (2, 4))
    for low, seen, high in zip(narrow, answers("max_over_time(x[3m])", kept, moments), wide, strict=True):
        assert low is not None
        assert seen is not None
        assert high is not None
        assert 0.95 * low - 1e-9 <= seen <= high


@pytest.mark.parametrize("name", ["gauge", "calls_total"])
def test_a_single_row_stays(name: str) -> None:
    assert thinned(name, [4.0]) == {0: 4.0}
