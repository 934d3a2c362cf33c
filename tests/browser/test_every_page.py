"""What holds for every page, in a real Chromium."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.looking import PAGES, Look, scrolls_sideways, violations
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_keeps_anybody_from_reading_them(daemon: Daemon, look: Look, dark: bool) -> None:
    for path in PAGES:
        for width in (1440, 390):
            with look(f"{daemon.url}{path}", width=width, dark=dark) as page:
                assert violations(page) == [], f"{path} at {width}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nor_the_page_of_an_alert_and_those_that_links_of_alertmanager_lead_to(
    daemon: Daemon, look: Look, dark: bool
) -> None:
    labels = {"alertname": "Posted", "instance": "cache-1", "severity": "critical"}
    posted = {"labels": labels, "annotations": {"summary": "It <b>burns</b>", "recommendation": "Water."}}
    httpx.post(f"{daemon.url}/api/v2/alerts", json=[posted]).raise_for_status()
    (found,) = httpx.get(f"{daemon.url}/api/v2/alerts", params={"filter": "alertname=Posted"}).json()
    for width in (1440, 390):
        for path, lands in (
            (f"/alerts/{found['fingerprint']}", "**/alerts/*"),
            ("/#/alerts?filter=%7Balertname%3D%22Posted%22%7D", "**/alerts?filter=*"),
            ("/#/silences/new?filter=%7Balertname%3D%22Posted%22%7D", "**/silences/new?filter=*"),
        ):
            with look(f"{daemon.url}{path}", width=width, dark=dark) as page:
                page.wait_for_url(lands)
                expect(page.locator("#main")).to_contain_text("Posted")
                assert violations(page) == [], f"{path} at {width}"
                assert not scrolls_sideways(page), f"{path} at {width}"


def test_a_page_that_is_not_there_has_a_way_out(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/no/such/page", width=390) as page:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Alerts").click()
        page.wait_for_url("**/alerts")
        page.keyboard.press("/")
        page.keyboard.type("cache-1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=cache-1")
        page.locator("#found-servers").get_by_role("link", name="cache-1").click()
        page.wait_for_url("**/servers/cache-1")


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
        answer = httpx.get(f"{daemon.url}{path}", headers={"accept": "text/html"})
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
