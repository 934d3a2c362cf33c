"""The query page in a real Chromium."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")


def test_a_metric_is_completed_and_plotted_by_keyboard_alone(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/graph?g0.tab=0&g0.range_input=1m") as page:
        box = page.locator(".query textarea")
        box.focus()
        page.keyboard.type("sum by (inst")
        expect(page.get_by_role("option").first).to_contain_text("instance")
        page.keyboard.press("Enter")
        page.keyboard.type(") (rate(redis_commands_processed")
        expect(page.get_by_role("option").first).to_contain_text("redis_commands_processed_total")
        page.keyboard.press("Enter")
        page.keyboard.type('{instance="')
        expect(page.get_by_role("option").first).to_contain_text("cache-1")
        page.keyboard.press("Tab")
        page.keyboard.type('"}[1m]))')
        page.keyboard.press("Enter")
        expect(page.locator("svg.plot path.ln")).to_have_count(1)
        expect(page.locator(".legend tbody th")).to_contain_text('{instance="cache-1"}')
        assert "g0.tab=0" in page.url


def test_completion_is_left_by_escape(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/graph") as page:
        page.locator(".query textarea").focus()
        page.keyboard.type("redis_")
        expect(page.get_by_role("listbox")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_have_count(0)


def test_without_javascript_a_query_is_a_form(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/graph?g0.range_input=1m", javascript=False) as page:
        page.locator("textarea").fill("redis_up")
        page.get_by_role("button", name="Run").click()
        expect(page.locator("table.t tbody tr")).to_have_count(2)
        page.get_by_role("link", name="Graph").click()
        expect(page.locator("svg.plot")).to_have_count(1)


def test_links_of_alertmanagers_own_texts_lead_to_our_pages(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/#/alerts?filter=%7Balertname%3D%22A%22%7D") as page:
        page.wait_for_url("**/alerts?filter=*")
    with look(f"{daemon.url}/#/silences/new?filter=%7Balertname%3D%22A%22%7D") as page:
        page.wait_for_url("**/silences/new?filter=*")


def test_the_chosen_theme_stays(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/graph") as page:
        page.locator("#theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
