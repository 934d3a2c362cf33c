"""Whatever is put into a chart, what comes out is sound: well-formed, without style, within the plot."""

import re
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.charts import Chart, compute, legend, plot, sparkline
from exporter.charts.paths import HEIGHT, WIDTH
from tests.charts.anything import charts, values

COORDINATES = ("x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "width", "height", "d")


def assert_sound(svg: str) -> ElementTree.Element:
    tree = ElementTree.fromstring(svg)
    for element in tree.iter():
        assert element.tag != "script"
        assert "style" not in element.attrib
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in COORDINATES:
            text = element.get(name, "")
            assert not re.search(r"nan|inf|e[+-]?\d", text), (name, text)
            if text.endswith("%"):
                assert 0 <= float(text[:-1]) <= 100
    return tree


def walked(path: str) -> list[tuple[int, int]]:
    """The places that a path comes to, in absolute coordinates."""
    places = []
    for piece in re.findall(r"M[^M]*", path):
        head, _, steps = piece.rstrip("z").partition("l")
        x, y = (int(number) for number in re.findall(r"-?\d+", head))
        places.append((x, y))
        numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            places.append((x, y))
    return places


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(charts())
def test_a_chart_of_anything_is_sound_and_within_its_plot(chart: Chart) -> None:
    tree = assert_sound(plot(chart))
    drawn = [
        one.get("d", "")
        for one in tree.iter()
        if one.get("class", "").split()[:1] in (["ln"], ["st"], ["ar"])
    ]
    assert len(drawn) <= 9
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for path in drawn for x, y in walked(path))
    table = legend(compute(chart), ("last", "min", "mean", "max"))
    assert bool(table) == bool(chart.series)
    if table:
        assert_sound(table)


@settings(max_examples=300, deadline=None)
@given(st.lists(values, max_size=100))
def test_a_sparkline_of_anything_is_sound_and_short(numbers: list[float | None]) -> None:
    svg = sparkline(numbers, "critical")
    if svg:
        tree = assert_sound(svg)
        assert len(svg.encode()) <= 400
        assert all(0 <= x <= 108 and 0 <= y <= 36 for one in tree for x, y in walked(one.get("d", "")))


@given(charts())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_links_are_found_by_those_who_do_not_see_the_chart(chart: Chart) -> None:
    tree = ElementTree.fromstring(plot(chart))
    images = [one for one in tree.iter() if one.get("role") == "img"]
    assert images
    assert not [link for image in images for link in image.iter("a")]
    assert all(one.get("aria-label") is not None for one in [*images, *tree.iter("a")])
