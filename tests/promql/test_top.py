"""`topk` and `bottomk` choose what sorting would, also of many series and of equal values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Matrix, Vector, parse
from exporter.promql.pieces import PIECE
from exporter.store import Store

VALUES = st.lists(
    st.sampled_from([0.0, -0.0, 1.0, 1.0, 2.5, -3.0, math.nan, math.inf, -math.inf]), min_size=1, max_size=40
)


def filled(values: list[float]) -> Engine:
    points = [
        Point(Family("m", Kind.GAUGE, ""), "", Labels({"n": f"{place:05}"})) for place in range(len(values))
    ]
    store = Store()
    store.append(Sample("here", 0, Layout(points), values))
    return Engine(store)


def expected(values: list[float], count: int, sign: int) -> list[int]:
    """The places of the chosen values, the most wanted first, of equal ones the first."""

    def rank(place: int) -> tuple[bool, float]:
        return (True, 0.0) if math.isnan(values[place]) else (False, sign * values[place])

    return sorted(range(len(values)), key=rank)[:count]


def check(values: list[float], count: int, operator: str) -> None:
    wanted = expected(values, count, -1 if operator == "topk" else 1)
    query = parse(f"{operator}({count}, m)")
    engine = filled(values)
    at_once = engine.instant(query, 0).value
    assert isinstance(at_once, Vector)
    assert [int(one.labels.get("n")) for one in at_once.samples] == wanted
    along = engine.range(query, 0, 4_000, 1_000).value
    assert isinstance(along, Matrix)
    assert [int(one.labels.get("n")) for one in along.series] == sorted(wanted)
    assert {len(one.points) for one in along.series} == {5}


@given(VALUES, st.integers(1, 45), st.sampled_from(["topk", "bottomk"]))
def test_they_choose_what_sorting_would(values: list[float], count: int, operator: str) -> None:
    check(values, count, operator)


@pytest.mark.parametrize("count", [1, 5, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7, 2 * PIECE + 8])
@pytest.mark.parametrize("operator", ["topk", "bottomk"])
def test_they_choose_among_more_series_than_are_sorted_at_once(count: int, operator: str) -> None:
    values = [float(place * 7919 % 613) for place in range(2 * PIECE + 7)]
    check(values, count, operator)
    check([1.0] * len(values), count, operator)
