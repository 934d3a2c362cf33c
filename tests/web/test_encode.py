"""Matrices are written as Prometheus writes them, whatever their numbers."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.floats import format_json
from exporter.model.labels import Labels
from exporter.promql import Matrix, RangeSeries, Result
from exporter.web.api_v1.encode import encode_result

VALUES = st.one_of(
    st.floats(),
    st.integers(-100, 100).map(float),
    st.sampled_from([0.0, -0.0, 100.0, 0.1, 1e16, 1e-7, 2.0**63, 10.05, math.nan, math.inf, -math.inf]),
)
TIMES = st.integers(-5_000, 5_000) | st.integers(1_700_000_000_000, 1_700_000_005_000)
POINTS = st.lists(st.tuples(TIMES, VALUES), max_size=8)


def written(*series: list[tuple[int, float]]) -> str:
    matrix = Matrix([RangeSeries(Labels({"n": str(n), "e": '.0"'}), one) for n, one in enumerate(series)])
    return encode_result(Result(matrix), 0).whole.decode()


@given(POINTS, POINTS, st.lists(VALUES, min_size=8, max_size=8))
def test_points_are_times_and_shortest_decimals(
    first: list[tuple[int, float]], other: list[tuple[int, float]], values: list[float]
) -> None:
    """Also where series have the same times, and where they do not."""
    same = [(at, value) for (at, _), value in zip(first, values, strict=False)]
    columns = [first, same, other, first]
    found = json.loads(written(*columns))["result"]
    for series, points in zip(found, columns, strict=True):
        assert series["values"] == [[at / 1000, format_json(value)] for at, value in points]


def test_points_as_text() -> None:
    points = [(1_700_000_000_000, 10.0), (1_700_000_000_500, 10.05), (1_700_000_001_000, -0.0)]
    wanted = '"values":[[1700000000,"10"],[1700000000.5,"10.05"],[1700000001,"-0"]]'
    assert wanted in written(points)
    odd = [*points, (0, math.inf), (1, 1e-7)]
    assert wanted[:-1] + ',[0,"+Inf"],[0.001,"1e-07"]]' in written(odd)
