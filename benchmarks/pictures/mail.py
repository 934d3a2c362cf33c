"""Draws the picture of a mail in docs/notifications.md: `python -m benchmarks.pictures.mail [--dark]`.

A server's memory rises, another one was dead for a while, the shipped rules fire, the mail goes to a real
SMTP server, and a headless Chromium (the program on the PATH) shows what has arrived, light or dark.
"""

import argparse
import asyncio
import base64
import math
import os
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.model.labels import Labels
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.notification import Notification
from tests.alert_pictures.scene import Scene, begin
from tests.notify.mail_server import MailServer
from tests.peers import require_program
from tests.rules.world import read

_ROOT: Final = Path(__file__).parents[2]
_FILE: Final = _ROOT / "docs" / "pictures" / "mail.png"
_WIDTH: Final = 700
_MINUTES: Final = 120
_RULES: Final = ("memory", "availability")
_MAIL: Final = """
route: {{receiver: ops}}
receivers:
  - name: ops
    email_configs:
      - {{to: ops@example.com, from: vigil@example.com, smarthost: '{smarthost}', require_tls: false}}
"""


async def _happen(scene: Scene) -> None:
    """Two hours, in which memory rises over its limit, and the other server is dead for a while."""
    world, full = scene.world, '{cluster="prod",instance="primary-1",job="redis"}'
    dead = '{instance="primary-2",job="redis"}'
    world.set_series(f"redis_memory_max_bytes{full}", 4 << 30)
    for minute in range(_MINUTES):
        share = 0.52 + 0.41 / (1 + math.exp((85 - minute) / 9)) + 0.008 * math.sin(minute * 1.7)
        world.set_series(f"redis_memory_used_bytes{full}", share * (4 << 30))
        world.set_series(f"redis_up{full}", 1)
        world.set_series(f"redis_up{dead}", 0 if _MINUTES - 14 < minute < _MINUTES - 1 else 1)
        await scene.pass_time(60)


async def _mail() -> EmailMessage:
    """The mail about it, as it arrives."""
    files = [read((_ROOT / "rules" / f"{name}.yml").read_text(), f"{name}.yml") for name in _RULES]
    scene = await begin(*files)
    scene.world.at_ms = round(time.time() * 1000) - _MINUTES * 60_000
    await _happen(scene)
    wanted = ("RedisDown primary-2", "RedisMemoryHigh primary-1")
    async with MailServer() as server:
        document = Document.parse(_MAIL.format(smarthost=server.address), "alertmanager.yml")
        config = parse_alertmanager_config(document)
        factory = IntegrationFactory(
            config.global_, lambda: scene.now, document=document, style="vigil", pictures=scene.pictures
        )
        (email,) = factory(config.receivers[0])
        alerts = tuple(scene.alerts[name] for name in wanted)
        url = "https://vigil.example.com"
        await email.send(Notification("ops", "{}", Labels({}), alerts, url, scene.now))
        return server.messages[0]


def _page(mail: EmailMessage) -> str:
    """The page of a mail, with its picture in it."""
    parts = {part.get_content_type(): part for part in mail.walk()}
    page = parts["text/html"].get_payload(decode=True)
    picture = parts["image/png"].get_payload(decode=True)
    assert isinstance(page, bytes)
    assert isinstance(picture, bytes)
    print(f"{len(picture):,} bytes of picture in {len(mail.as_bytes()):,} of mail")
    name = str(parts["image/png"]["Content-ID"]).strip("<>")
    inline = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return page.decode().replace(f"cid:{name}", inline)


def _photograph(page: str, file: Path, *, is_dark: bool) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=require_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        scheme = "dark" if is_dark else "light"
        tab = chromium.new_page(viewport={"width": _WIDTH, "height": 400}, color_scheme=scheme)  # type: ignore[arg-type]
        tab.set_content(page)
        tab.screenshot(path=file, full_page=True)
        chromium.close()


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dark", action="store_true", help="as where the system is dark")
    parser.add_argument("--output", type=Path, default=_FILE, help="where it is written")
    arguments = parser.parse_args()
    os.environ["TZ"] = "Europe/Paris"
    time.tzset()
    _photograph(_page(asyncio.run(_mail())), arguments.output, is_dark=arguments.dark)


if __name__ == "__main__":
    main()
