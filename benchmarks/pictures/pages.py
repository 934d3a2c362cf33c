"""Draws the pictures of the pages in README and docs: `python -m benchmarks.pictures.pages [--seconds 420]`.

Runs `redis-vigil demo` for a while, and photographs its pages in a headless Chromium (the program on the
PATH), light and dark, into docs/pictures/pages.
"""

import argparse
import base64
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright

from tests.peers import require_program
from tests.servers import free_port

_FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures" / "pages"
_WIDTH: Final = 1280
_HIGHEST: Final = 1500
_QUALITY: Final = 80
_STARTED_SECONDS: Final = 120.0


@contextmanager
def _demo(seconds: float) -> Iterator[str]:
    """The address of a demo that has run for so long."""
    port = free_port()
    command = [sys.executable, "-m", "exporter", "demo", "--web.listen-address", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(seconds)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_STARTED_SECONDS)


def _json(url: str) -> list[dict[str, object]]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: list[dict[str, object]] = json.load(answer)
        return found


def _paths(url: str) -> Mapping[str, str]:
    """The path of each picture, by its name."""
    alerts = _json(f"{url}/api/v2/alerts")
    told = [one for one in alerts if "none" not in str(one["labels"])]
    with urllib.request.urlopen(f"{url}/api/v1/targets", timeout=30) as answer:
        target = json.load(answer)["data"]["activeTargets"][0]["labels"]["instance"]
    found = {
        "overview": "/",
        "server": f"/servers/{quote(target, safe='')}?range=15m",
        "alerts": "/alerts",
        "silence": '/silences/new?filter={alertname=~"Redis.*"}',
        "notifications": "/notifications",
        "rules": "/rules?show=alerting",
        "query": "/graph?g0.expr=sum by (cmd) (rate(redis_commands_total[1m]))&g0.tab=0&g0.range_input=15m",
    }
    if told:
        found["alert"] = f"/alerts/{told[0]['fingerprint']}"
    return found


def _photograph(browser: Browser, url: str, name: str, *, is_dark: bool) -> None:
    scheme = "dark" if is_dark else "light"
    context = browser.new_context(viewport={"width": _WIDTH, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": _WIDTH, "height": min(height, _HIGHEST)})
    found = context.new_cdp_session(page).send(
        "Page.captureScreenshot", {"format": "webp", "quality": _QUALITY}
    )
    (_FOLDER / f"{name}-{scheme}.webp").write_bytes(base64.b64decode(found["data"]))
    context.close()


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=420.0, help="how long the demo runs before that")
    seconds: float = parser.parse_args().seconds
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with _demo(seconds) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=require_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, path in _paths(url).items():
            for is_dark in (False, True):
                _photograph(chromium, f"{url}{path}", name, is_dark=is_dark)
                print(f"{name}, {'dark' if is_dark else 'light'}")
        chromium.close()


if __name__ == "__main__":
    main()
