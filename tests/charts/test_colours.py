"""Which series has which colour."""

from exporter.charts import Chart, Series, Unit, colour_at, compute
from exporter.charts.colours import choose

POINTS = [(0, 1.0), (1000, 2.0)]


def colours(*series: Series) -> list[int]:
    return [line.series.colour for line in compute(Chart("", Unit.COUNT, 0, 1000, 1000, series)).lines]


def test_a_colour_follows_from_what_a_name_means_wherever_the_series_stands() -> None:
    assert choose([("p99", 0), ("p50", 0)]) == [2, 1]
    assert choose([("RSS", 0), ("used", 0), ("other", 0)]) == [5, 1, 8]


def test_names_without_a_meaning_get_what_is_free() -> None:
    assert choose([("a", 0), ("used", 0), ("b", 3), ("c", 0)]) == [2, 1, 3, 4]


def test_no_hue_is_there_twice_as_long_as_there_are_others() -> None:
    assert choose([("a", 4), ("b", 4), ("c", 8), ("d", 8)]) == [4, 1, 8, 8]
    many = choose([(f"queue {number}", 0) for number in range(9)])
    assert many == [1, 2, 3, 4, 5, 6, 7, 8, 8]


def test_of_many_series_those_that_are_drawn_are_told_apart() -> None:
    series = [Series(f"queue {n}", [(0, float(n)), (1000, float(n))], 1 + n % 4) for n in range(20)]
    assert sorted(colours(*series)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_forecast_has_the_colour_of_what_it_is_about() -> None:
    assert colours(Series("used", POINTS), Series("forecast of used", POINTS, is_forecast=True)) == [1, 1]
    assert colours(Series("x", POINTS, 3), Series("forecast of x", POINTS, 3, is_forecast=True)) == [3, 3]


def test_a_server_keeps_its_colour_however_a_list_is_sorted() -> None:
    assert [colour_at(index) for index in range(9)] == [1, 2, 3, 4, 5, 6, 7, 1, 2]
