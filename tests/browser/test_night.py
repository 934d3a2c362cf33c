"""The story of a night: a message, the alert it leads to, a silence, and the end of it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import Look, scrolls_sideways, violations
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import http_hook

pytestmark = pytest.mark.peers("chromium")

_PATIENCE_SECONDS = 120.0
_PATIENCE_MS = _PATIENCE_SECONDS * 1000
_MOST_TABS = 80
RULES = """
groups:
  - name: night
    rules:
      - alert: Gone
        expr: redis_up == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} is gone", recommendation: Start it again.}
"""


ROUTING = """
route: {receiver: team, group_wait: 1s, group_interval: 1s, repeat_interval: 3s}
receivers:
  - name: team
    slack_configs: [{api_url: "URL", channel: "#night", send_resolved: true}]
"""


def test_from_the_message_to_the_end(start_server: StartServer, look: Look, tmp_path: Path) -> None:
    server = start_server()
    (tmp_path / "rules.yml").write_text(RULES)
    with http_hook() as slack:
        (tmp_path / "alertmanager.yml").write_text(ROUTING.replace("URL", slack.url))
        with _daemon(tmp_path, server.url) as daemon:
            server.kill()
            wait_until(lambda: slack.bodies, _PATIENCE_SECONDS, "a message")
            (message,) = slack.bodies[0]["attachments"]
            assert message["title"] == "Critical: cache-1 is gone"
            with look(message["title_link"], width=390, height=844) as page:
                expect(page.locator("h1")).to_have_text("cache-1 is gone")
                expect(page.locator("#head")).to_contain_text("since")
                expect(page.locator("#chart svg.plot .th").first).to_be_attached(timeout=_PATIENCE_MS)
                assert violations(page) == []
                assert not scrolls_sideways(page)
                go_to(page, page.get_by_role("link", name="Silence…"))
                page.keyboard.press("Enter")
                expect(page.locator("#hits")).to_contain_text("cache-1")
                preview(page, 'alertname="Gone",instance="another"', "none of 1 alert that fires now")
                preview(page, 'alertname="Gone",instance="cache-1"', "every alert that fires now (1)")
                expect(page.locator("#hits tbody tr")).to_have_count(1)
                write(page, page.get_by_label("Why"), "I am at it")
                write(page, page.get_by_label("Who"), "ann")
                go_to(page, page.get_by_role("button", name="Silence until"))
                page.keyboard.press("Enter")
                expect(page.locator("h1")).to_contain_text("Silenced until", timeout=_PATIENCE_MS)
            with look(message["title_link"], width=390, height=844) as page:
                expect(page.locator("#reason-1")).to_contain_text("silenced", timeout=_PATIENCE_MS)
                told, kept_back = len(slack.bodies), suppressed(daemon)
                wait_until(lambda: suppressed(daemon) >= kept_back + 2, _PATIENCE_SECONDS, "repetitions")
                assert len(slack.bodies) == told
                server.start()
                # Without a reload.
                expect(page.locator("#head")).to_contain_text("resolved", timeout=_PATIENCE_MS)
            assert daemon.text(message["title_link"].removeprefix(daemon.url)).count("resolved") > 0


def go_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus; from the end of the page it begins anew."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached by Tab")


def write(page: Page, field: Locator, text: str) -> None:
    """Write something in place of what a field holds."""
    go_to(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def preview(page: Page, matchers: str, sentence: str) -> None:
    """See what a silence with these matchers would hit."""
    write(page, page.get_by_label("Alerts with these labels"), matchers)
    go_to(page, page.get_by_role("button", name="Preview"))
    page.keyboard.press("Enter")
    expect(page.locator("#sum")).to_have_text(f"It hits {sentence}.")


def suppressed(daemon: Daemon) -> float:
    """How many alerts silences have kept back."""
    line = re.search(
        r'^alertmanager_notifications_suppressed_total\{reason="silence"\} (\S+)',
        daemon.text("/metrics"),
        re.MULTILINE,
    )
    return float(line[1]) if line else 0.0


def _daemon(directory: Path, url: str) -> Daemon:
    """A daemon whose messages lead to where it listens."""
    config = directory / "config.yml"
    daemon = Daemon(directory, "--config", str(config))
    config.write_text(
        f"""
global: {{sample_interval: 1s, evaluation_interval: 1s}}
storage: {{path: {directory / "data"}}}
web: {{external_url: "{daemon.url}"}}
rule_files: [rules.yml]
alerting: {{config_file: alertmanager.yml}}
targets: [{{url: "{url}", instance: cache-1}}]
"""
    )
    return daemon
