"""A real Chromium, headless, and a daemon with servers to look at."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.looking import Look
from tests.conftest import StartServer
from tests.live.daemon import Daemon
from tests.peers import require_program

_PATIENCE_MS = 60_000


def is_error(message: ConsoleMessage) -> bool:
    """Whether the console tells of an error; a page that answers with 400, 404 or 422 is none of ours."""
    return message.type == "error" and not re.search(r"status of (400|404|422) ", message.text)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium, as Playwright drives it.

    For one test: as long as Playwright runs, no other test of the process can run an event loop.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=require_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def look(browser: Browser) -> Look:
    """Open pages in contexts of their own; at its end each has had no error on its console."""

    @contextmanager
    def open_page(
        url: str = "about:blank",
        *,
        width: int = 1440,
        height: int = 1000,
        dark: bool = False,
        javascript: bool = True,
    ) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if is_error(message) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            page.goto(url)
            yield page
            assert errors == []
        finally:
            context.close()

    return open_page


@pytest.fixture
def daemon(start_server: StartServer, tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that has sampled two servers, of which one is gone by now."""
    alive, dead = start_server(), start_server()
    config = tmp_path / "config.yml"
    config.write_text(
        f"""
global: {{sample_interval: 1s, evaluation_interval: 1s}}
storage: {{path: {tmp_path / "data"}}}
alerting: {{config_file: alertmanager.yml}}
targets:
  - {{url: "{alive.url}", instance: "cache-1", labels: {{env: prod}}}}
  - {{url: "{dead.url}", instance: "sessions/1 <b>&"}}
"""
    )
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with Daemon(tmp_path, "--config", str(config)) as running:
        alive.client.mset({f"user:{number}": "x" * 100 for number in range(1000)})
        dead.kill()
        yield running
