import math

import pytest

from exporter.errors import QueryError
from tests.promql.promqltest.notation import Mark, parse_points, parse_series, parse_series_labels

POINTS: dict[str, list[float | Mark]] = {
    "": [],
    "1 2.5 -3 .5 1e3": [1, 2.5, -3, 0.5, 1000],
    "Inf -Inf +inf": [math.inf, -math.inf, math.inf],
    "1+2x3": [1, 3, 5, 7],
    "10-2x2": [10, 8, 6],
    "-1-1x1": [-1, -2],
    "1e1+1e-1x1": [10, 10.1],
    "5x2": [5, 5, 5],
    "_ _x2 stale": [Mark.OMITTED, Mark.OMITTED, Mark.OMITTED, Mark.STALE],
    "{{schema:0 sum:1}} {{}}x1": [Mark.HISTOGRAM] * 3,
    "{{count:1}}+{{count:2}}x2 1": [*[Mark.HISTOGRAM] * 3, 1],
}


@pytest.mark.parametrize(("text", "points"), POINTS.items())
def test_points_are_expanded_from_their_notation(text: str, points: list[float | Mark]) -> None:
    assert parse_points(text) == points


def test_a_point_may_be_no_number() -> None:
    (point,) = parse_points("NaN")
    assert isinstance(point, float)
    assert math.isnan(point)


@pytest.mark.parametrize(
    "text", ["x", "1x", "1+x", "1+1", "1xx2", "1x-2", "--1", "stalex2", "1x99999999999", "{{"]
)
def test_other_points_are_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_points(text)


def test_a_series_has_labels_and_points() -> None:
    described = parse_series('up{server="a b{}\\"", db="0"}  1 _')
    assert described.labels.as_dict() == {"__name__": "up", "server": 'a b{}"', "db": "0"}
    assert described.points == [1, Mark.OMITTED]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", {"__name__": "up"}),
        ("{}", {}),
        ('{a="1"}', {"a": "1"}),
        ('{"my.metric", "a.b"="1"}', {"__name__": "my.metric", "a.b": "1"}),
        ('up{a=""}', {"__name__": "up"}),
    ],
)
def test_a_series_is_read_as_its_labels(text: str, labels: dict[str, str]) -> None:
    assert parse_series_labels(text).as_dict() == labels


@pytest.mark.parametrize("text", ['up{a=~"1"}', 'up{a="1"', "up down", "", "1"])
def test_other_labels_are_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_series_labels(text)
