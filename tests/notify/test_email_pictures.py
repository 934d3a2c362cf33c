"""The picture of an alert within a mail."""

import asyncio
import json
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from exporter.config.alertmanager.style import MessageStyle
from exporter.errors import ConfigError
from exporter.notify.notification import Notification
from tests.notify.mail_server import MailServer
from tests.notify.pictures import PNG, Pictures, make
from tests.notify.samples import HOSTILE, alert, notification

TYPES = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
WITHOUT = ["multipart/alternative", "text/plain", "text/html"]


def mail(
    pictures: Pictures, sent: Notification | None = None, style: MessageStyle = "vigil", **entry: Any
) -> EmailMessage:
    """The mail that arrives."""

    async def run() -> EmailMessage:
        async with MailServer() as server:
            plain = {"to": "ops@example.com", "from": "v@example.com", "require_tls": False}
            config = json.dumps({**plain, "smarthost": server.address, **entry}, ensure_ascii=False)
            await make(f"email_configs: [{config}]", pictures, style).send(sent or notification())
            (message,) = server.messages
            return message

    return asyncio.run(run())


def types(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def page_of(message: EmailMessage) -> str:
    (found,) = [part for part in message.walk() if part.get_content_type() == "text/html"]
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


class Images(HTMLParser):
    """The pictures of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        if tag == "img":
            self.found.append(dict(attrs))


def test_a_picture_stands_with_its_alert_and_is_found_by_its_id() -> None:
    message = mail(Pictures(), notification(alert("b:2"), alert()))
    assert types(message) == TYPES
    (image,) = Images(page_of(message)).found
    *_, part = message.walk()
    assert f"cid:{part['Content-ID'].strip('<>')}" == image["src"]
    assert part.get_payload(decode=True) == PNG
    assert (image["width"], image["height"]) == ("590", "200")
    # Between what the alert is and what is known of it.
    page = page_of(message)
    assert page.rindex("a:1 is down") < page.index("<img") < page.rindex(">Since<")


def test_names_of_others_are_text_for_those_who_do_not_see_it() -> None:
    (image,) = Images(page_of(mail(Pictures()))).found
    assert (image["alt"] or "").replace("\n", "\r\n").replace("\r\r", "\r") == (
        f"Down: {HOSTILE}. up: from 0 to 1."
    )


def test_without_a_picture_a_mail_is_as_ever() -> None:
    assert types(mail(Pictures(picture=None))) == WITHOUT
    assert Images(page_of(mail(Pictures(picture=None)))).found == []


def test_a_page_of_ones_own_shows_it_or_has_none() -> None:
    own = '{{ with alertPicture }}<img src="cid:{{ .ID }}" alt="{{ .Title }}" width="{{ .Width }}">{{ end }}'
    shown, unasked = Pictures(), Pictures()
    assert types(mail(shown, html=own)) == ["multipart/alternative", "multipart/related", *TYPES[3:]]
    assert types(mail(unasked, html="<p>{{ .Status }}</p>")) == ["multipart/alternative", "text/html"]
    assert unasked.asked == []
    # One that may show it by a template, and does not.
    plain = '{{ template "__subject" . }}'
    assert types(mail(Pictures(), html=plain)) == ["multipart/alternative", "text/html"]


def test_a_page_of_ones_own_that_fails_is_that_of_the_defaults_with_its_picture() -> None:
    message = mail(Pictures(), html="{{ alertPicture.Nope }}")
    assert "multipart/related" in types(message)
    assert len(Images(page_of(message)).found) == 1


def test_alertmanagers_style_has_none() -> None:
    pictures = Pictures()
    assert types(mail(pictures, style="alertmanager")) == ["multipart/alternative", "text/html"]
    assert pictures.asked == []
    with pytest.raises(ConfigError, match="alertPicture"):
        mail(pictures, style="alertmanager", html="{{ alertPicture }}")
