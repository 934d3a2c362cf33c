"""Ranges, filters and sorting are links and forms: a real Chromium without JavaScript, on a phone."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look, scrolls_sideways
from tests.live.daemon import Daemon, wait_until

pytestmark = pytest.mark.peers("chromium")

PHONE: Final = 390


def test_the_range_of_a_server_is_changed(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/servers/cache-1", width=PHONE, javascript=False) as page:
        bar = page.get_by_role("navigation", name="Time range")
        chosen = bar.locator("[aria-current]")
        charts = page.locator("#charts figure")
        before, shown = charts.count(), bar.locator(".when").inner_text()
        bar.get_by_role("link", name="24h", exact=True).click()
        expect(chosen).to_have_text("24h")
        assert bar.locator(".when").inner_text() != shown
        assert charts.count() == before
        day = datetime.now(UTC) - timedelta(days=1)
        bar.get_by_text("Custom…").click()
        bar.get_by_label("from").fill(f"{day:%Y-%m-%dT20:00:00Z}")
        bar.get_by_label("to", exact=True).fill(f"{day:%Y-%m-%dT21:00:00Z}")
        bar.get_by_role("button", name="Show").click()
        expect(bar.locator(".when")).to_have_text(f"{day:%a %-d %b} 20:00 – {day:%a %-d %b} 21:00")
        expect(chosen).to_have_count(0)
        bar.get_by_role("link", name="Back by its own length").click()
        expect(bar.locator(".when")).to_have_text(f"{day:%a %-d %b} 19:00 – {day:%a %-d %b} 20:00")
        assert not scrolls_sideways(page)


def test_a_range_that_cannot_be_meant_is_explained(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/servers/cache-1", width=PHONE, javascript=False) as page:
        bar = page.get_by_role("navigation", name="Time range")
        bar.get_by_text("Custom…").click()
        bar.get_by_label("from").fill("yesterday")
        bar.get_by_role("button", name="Show").click()
        expect(page.get_by_text("The parameter from is no moment")).to_be_visible()


def test_the_overview_is_filtered_and_sorted(daemon: Daemon, look: Look) -> None:
    dead, alive = "sessions/1 <b>&", "cache-1"
    gone = f'redis_up{{instance="{dead}"}} 0'
    wait_until(lambda: gone in daemon.text("/metrics"), 90, "it is known that one is gone")
    with look(daemon.url, width=PHONE, javascript=False) as page:
        names = page.locator("#table tbody a.plain b")
        expect(names).to_have_count(2)
        page.get_by_label("Filter servers").fill("env=prod")
        page.get_by_role("button", name="Show").click()
        expect(names).to_have_text([alive])
        expect(page.locator("#servers-title")).to_have_text("1 of 2 servers")
        page.get_by_role("link", name="Everything").click()
        expect(names).to_have_count(2)
        page.get_by_label("Only problems").check()
        page.get_by_role("button", name="Show").click()
        expect(names).to_have_text([dead])
        assert page.get_by_label("Only problems").is_checked()
        page.get_by_role("link", name="Everything").click()
        by_name = page.locator("#table thead").get_by_role("link", name="Server")
        by_name.click()
        expect(names).to_have_text([alive, dead])
        by_name.click()
        expect(names).to_have_text([dead, alive])
        page.get_by_label("Filter servers").fill("memory>lots")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#filter-wrong")).to_be_visible()
        assert page.get_by_label("Filter servers").input_value() == "memory>lots"
        assert not scrolls_sideways(page)
