"""What holds for every page, in a real Chromium."""

import re

import httpx
import pytest

from tests.browser.looking import PAGES, Look, scrolls_sideways, violations
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_keeps_anybody_from_reading_them(daemon: Daemon, look: Look, dark: bool) -> None:
    for path in PAGES:
        for width in (1440, 390):
            with look(f"{daemon.url}{path}", width=width, dark=dark) as page:
                assert violations(page) == [], f"{path} at {width}"


def test_none_is_wider_than_a_phone(daemon: Daemon, look: Look) -> None:
    for path in PAGES:
        for width in (390, 320):
            with look(f"{daemon.url}{path}", width=width) as page:
                assert not scrolls_sideways(page), f"{path} at {width}"


def test_each_is_small_and_asks_for_nothing_but_its_stylesheet_and_its_module(
    daemon: Daemon, look: Look
) -> None:
    for path in PAGES:
        asked = requests_of(f"{daemon.url}{path}", look)
        others = [url for url in asked[1:] if not url.endswith(".svg")]
        assert len(others) == 2, others
        assert all("/static/" in url for url in others)
        answer = httpx.get(f"{daemon.url}{path}")
        assert len(answer.content) < 150_000
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.text.count("<h1") == 1


def requests_of(url: str, look: Look) -> list[str]:
    """The URLs that a page asks for, its own first."""
    asked: list[str] = []
    with look() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
    return asked


def test_all_is_there_without_javascript(daemon: Daemon, look: Look) -> None:
    for path in PAGES:
        with look(f"{daemon.url}{path}") as page:
            shown = words(page.locator("h1").inner_text())
        with look(f"{daemon.url}{path}", javascript=False) as page:
            assert words(page.locator("h1").inner_text()) == shown
            assert page.locator("#theme").is_hidden()


def words(heading: str) -> str:
    """A heading without its durations, which go on from look to look."""
    return re.sub(r"\d+(\.\d+)?\s(s|min|h)\b", "", heading)
