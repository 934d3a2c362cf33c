"""Silences in a real Chromium: on a phone, by keyboard, and without JavaScript."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look, scrolls_sideways, violations
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")

NEW = "/silences/new?filter=%7Balertname%3D%22RedisDown%22%7D"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_silence_by_forms(daemon: Daemon, look: Look, javascript: bool) -> None:
    with look(f"{daemon.url}{NEW}", width=390, javascript=javascript) as page:
        page.get_by_label("Why").fill('<img src=x onerror="alert(1)">')
        page.get_by_label("Who").fill("Zoë")
        page.get_by_label("For", exact=True).fill("30 minutes")
        # The first button is the harmless one.
        page.get_by_label("For", exact=True).press("Enter")
        expect(page.get_by_text("is not a duration")).to_be_visible()
        assert page.get_by_label("Why").input_value() == '<img src=x onerror="alert(1)">'
        page.get_by_label("For", exact=True).fill("30m")
        page.get_by_role("button", name="Preview").click()
        said = page.get_by_role("button", name="Silence until").inner_text()
        page.get_by_role("button", name="Silence until").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(said.replace("Silence", "Silenced"))
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="+1h").click()
        expect(page.get_by_text("Extended by Zoë")).to_be_visible()
        page.get_by_role("button", name="Expire now").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("No longer silenced")


def test_by_keyboard_alone(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}{NEW}&comment=known") as page:
        page.get_by_label("Alerts with these labels").focus()
        for text in ("", "", "", "", "ann"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        # Past the preview.
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Silenced until")


def test_an_open_page_follows_what_others_do(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}{NEW}&comment=known") as page:
        page.get_by_label("Who").fill("ann")
        page.get_by_role("button", name="Silence until").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Silenced until")
        page.get_by_label("Extend by").fill("45m")
        identity = page.url.rpartition("/")[2]
        httpx.delete(f"{daemon.url}/api/v2/silence/{identity}").raise_for_status()
        expect(page.get_by_role("heading", level=1)).to_contain_text("No longer silenced", timeout=30_000)


def test_a_form_is_left_alone_while_somebody_writes(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/silences/new") as page:
        page.get_by_label("Alerts with these labels").fill('instance="cache-1"')
        page.get_by_label("Why").fill("moving")
        page.wait_for_timeout(7_000)
        assert page.get_by_label("Alerts with these labels").input_value() == 'instance="cache-1"'
        assert page.get_by_label("Why").input_value() == "moving"


def test_what_is_wrong_can_be_read_by_anybody(daemon: Daemon, look: Look) -> None:
    with look(f"{daemon.url}/silences/new?filter=a%3Db%2C+c&duration=2+hours") as page:
        expect(page.get_by_text("1:7: expected an operator")).to_be_visible()
        assert violations(page) == []
