"""Charts under the pointer, in a real Chromium."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import Look
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")

_LOOKS = 60
_WIDE = 60
GRAPH = "/graph?g0.expr=redis_uptime_in_seconds&g0.tab=0&g0.range_input=1m"


def middle(page: Page, least_width: float = 0.0) -> tuple[float, float, float]:
    """The left edge of the first plot, its width, and half its height, in the window."""
    # When there is something to see: at first there is nothing, or a line too short to point at.
    for _ in range(_LOOKS):
        line = page.locator("path[data-v]").first
        if line.count() and ((line.bounding_box() or {"width": 0.0})["width"] > least_width):
            break
        page.wait_for_timeout(1_000)
        page.reload()
    box = page.locator("svg.plot").first.bounding_box()
    assert box is not None
    return box["x"] + 64, box["width"] - 80, box["y"] + box["height"] / 2


def test_the_values_of_a_moment_stand_beside_the_pointer(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}{GRAPH}") as page:
        left, width, y = middle(page, _WIDE)
        page.mouse.move(left + width * 0.995, y)
        tip = page.locator(".tip")
        expect(tip).to_contain_text("UTC")
        expect(tip).to_contain_text('instance="cache-1"')
        expect(page.locator("svg.plot .cross")).to_have_count(1)
        told = tip.inner_text()
        page.keyboard.press("ArrowLeft")
        expect(tip).not_to_have_text(told)
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
        expect(page.locator("svg.plot .cross")).to_have_count(0)


def test_it_is_reached_by_keyboard(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}{GRAPH}") as page:
        middle(page)
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('svg.plot')"):
                break
        expect(page.locator(".tip")).to_be_visible()


def test_a_range_that_is_dragged_over_is_shown_larger(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}{GRAPH}") as page:
        left, width, y = middle(page)
        page.mouse.move(left + width * 0.25, y)
        page.mouse.down()
        page.mouse.move(left + width * 0.75, y, steps=5)
        expect(page.locator("svg.plot rect.band.info")).to_have_count(1)
        page.mouse.up()
        page.wait_for_url("**g0.end_input=*")
        parameters = parse_qs(urlsplit(page.url).query)
        seconds = int(parameters["g0.range_input"][0].removesuffix("s"))
        assert 25 <= seconds <= 35


def test_the_charts_of_a_server_show_the_same_moment_and_zoom_together(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/servers/cache-1?range=15m") as page:
        left, width, y = middle(page)
        page.mouse.move(left + width / 2, y)
        plots = page.locator("svg.plot[data-start]").count()
        assert plots >= 8
        expect(page.locator("svg.plot .cross")).to_have_count(plots)
        page.mouse.down()
        page.mouse.move(left + width * 0.9, y, steps=5)
        page.mouse.up()
        page.wait_for_url(re.compile(r"[?&]from=\d+&to=\d+"))
