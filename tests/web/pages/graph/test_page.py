"""The query page: tables, graphs, errors in their place, and Prometheus' own addresses."""

import html
import re
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Store
from exporter.web.pages.routes import routes
from tests.web.asgi import request
from tests.web.pages.page_context import page_context

HOSTILE = '<script>alert("1")</script>\x1b[2J'


def store() -> Store:
    """Half an hour of two series, one with a hostile label."""
    made = Store(retention_ms=3_600_000)
    family = Family("jobs_waiting", Kind.GAUGE, "Jobs.")
    points = [Point(family, "", Labels({"queue": name})) for name in ("mail", HOSTILE)]
    layout = Layout(points, Labels({"instance": "a"}))
    now_ms = round(SystemClock().now() * 1000)
    for index in range(120):
        at_ms = now_ms - (119 - index) * 15_000
        made.append(Sample("a", at_ms, layout, [float(index), 7.0]))
    return made


def show(path: str = "/graph", **parameters: str) -> str:
    app = Starlette(routes=list(routes(page_context(store()))))
    named = {name.replace("_", ".", 1): value for name, value in parameters.items()}
    response = request(app, "GET", f"{path}?{urlencode(named)}")
    assert response.status_code == 200, response.text
    return response.text


def test_a_table_of_what_is_now() -> None:
    page = show(g0_expr="jobs_waiting", g0_tab="1")
    assert "jobs_waiting{instance=&#34;a&#34;, queue=&#34;mail&#34;}" in page
    assert ">119</td>" in page
    assert "2 series" in page


def test_a_graph_over_a_range() -> None:
    page = show(g0_expr="jobs_waiting", g0_tab="0", g0_range_input="15m")
    assert page.count('class="ln ') == 2
    assert 'class="plot huge"' in page
    assert "step 5 s" in page


@pytest.mark.parametrize(("tab", "word"), [("graph", "plot huge"), ("table", ">119</td>")])
def test_addresses_of_prometheus_3(tab: str, word: str) -> None:
    assert word in show("/query", g0_expr="jobs_waiting", g0_tab=tab, g0_res_type="auto")


def test_an_error_stands_under_its_place() -> None:
    page = show(g0_expr="sum(\n  rate(jobs_waiting))")
    assert "<b>2:8</b>" in page
    assert re.search(r"rate\(<mark>jobs_waiting</mark>\)", page)


def test_several_panels_each_with_a_result_of_its_own() -> None:
    page = show(g0_expr="jobs_waiting", g1_expr="nothing_like_that", g7_expr="1 +")
    assert page.count("<textarea") == 3
    assert "Nothing has these labels" in page
    assert 'id="error-2"' in page
    links = [html.unescape(one) for one in re.findall(r'href="(\?[^"]*)"', page)]
    # Whatever is changed of one panel, the others stay.
    assert sum("jobs_waiting" in one and "nothing_like_that" in one for one in links) > 10


@pytest.mark.parametrize("name", ["g0.range_input", "g0.end_input", "g0.step_input"])
def test_a_parameter_that_cannot_be_is_named(name: str) -> None:
    app = Starlette(routes=list(routes(page_context(store()))))
    response = request(app, "GET", "/graph?" + urlencode({"g0.expr": "up", name: "soon"}))
    assert response.status_code == 400
    assert f"The parameter {name} is" in response.text


def test_names_of_others_are_escaped() -> None:
    for tab in ("0", "1"):
        page = show(g0_expr="jobs_waiting", g0_tab=tab)
        assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "\\x1b[2J" in page


def test_an_end_in_the_past() -> None:
    ended = SystemClock().now() - 600
    page = show(g0_expr="jobs_waiting", g0_tab="0", g0_range_input="10m", g0_end_input=str(ended))
    assert re.search(r'name="g0.end_input" value="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"', page)
    assert 'class="gap"' not in page
