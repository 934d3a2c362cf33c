"""The mail itself: headers and parts.

Nothing from outside can add a header: line breaks in a value become spaces, and everything that is not plain
ASCII is encoded.
"""

import hashlib
import secrets
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from exporter.config.alertmanager.email import DEFAULT_SUBJECT, EmailConfig
from exporter.notify.notification import Notification
from exporter.notify.template import Compiler, Rendering

_OURS: Final = frozenset({"Content-Type", "Content-Transfer-Encoding", "Mime-Version"})
_LONGEST_HEADER: Final = 2000


class EmailMessages:
    """The templates of one entry of `email_configs`, parsed."""

    def __init__(self, config: EmailConfig, compiler: Compiler) -> None:
        self._config = config
        within = compiler.at("headers")
        self._subject_without_user = within.parse("Subject", DEFAULT_SUBJECT)
        self._headers = {
            "Subject": self._subject_without_user,
            "To": compiler.parse("to", config.to),
            "From": compiler.parse("from", config.from_),
        }
        for name, text in config.headers.items():
            if name not in _OURS:
                self._headers[name] = within.parse(name, text)
        self._html = compiler.parse("html", config.html)
        self._html_without_user = compiler.parse("html", '{{ template "email.default.html" . }}')
        self._text = compiler.parse("text", config.text)

    def build(self, notification: Notification, rendering: Rendering) -> EmailMessage:
        """A multipart/alternative mail; the best part comes last (RFC 2046, 5.1.4)."""
        message = EmailMessage(policy.SMTP)
        for name, template in self._headers.items():
            fallback = self._subject_without_user if name == "Subject" else None
            _set_header(message, name, rendering.text(template, fallback))
        self._add_own_headers(message, notification)
        message.make_alternative()
        if self._config.text:
            message.add_alternative(rendering.text(self._text), cte="quoted-printable")
        if self._config.html:
            html = rendering.html(self._html, self._html_without_user)
            message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message

    def _add_own_headers(self, message: EmailMessage, notification: Notification) -> None:
        if "Date" not in message:
            message["Date"] = format_datetime(datetime.fromtimestamp(notification.now, UTC))
        if "Message-Id" not in message:
            stamp = int(notification.now * 1e9)
            message["Message-Id"] = f"<{stamp}.{secrets.randbits(64)}@{_host_name()}>"
        threading = self._config.threading
        if threading.enabled:
            root = thread_root(notification, daily=threading.thread_by_date == "daily")
            message["References"] = root
            message["In-Reply-To"] = root


def thread_root(notification: Notification, *, daily: bool) -> str:
    """The id of a mail that nobody ever sent, to which all mails about a group are answers.

    Mail programs show them as one conversation. The form is Alertmanager's.
    """
    digest = hashlib.sha256(notification.group_key.encode()).hexdigest()[:16]
    day = datetime.fromtimestamp(notification.now, UTC).strftime("%Y-%m-%d") if daily else ""
    return f"<alert-{digest}-{day}@alertmanager>"


def _host_name() -> str:
    """The name of this machine, as the right half of an id."""
    name = "".join(
        char for char in socket.gethostname() if char.isascii() and (char.isalnum() or char in ".-")
    )
    return name or "localhost.localdomain"


def _set_header(message: EmailMessage, name: str, value: str) -> None:
    """Set a header to a text on one line; what cannot stand there in any form is left out."""
    line = _without_controls(value).strip()[:_LONGEST_HEADER]
    if not line:
        return
    try:
        message[name] = line
    except (ValueError, HeaderParseError, IndexError, AttributeError):
        # The parser of structured headers is strict in some places, and stumbles in others.
        message[name] = "".join(char for char in line if char.isascii() and char not in '"<>,;:()[]\\')


def _without_controls(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def parse_addresses(text: str) -> list[Address]:
    """The mail addresses of a header; those that are none are left out."""
    parsed: dict[str, object] = {}
    try:
        AddressHeader.parse(" ".join(text.split()), parsed)
    except (ValueError, HeaderParseError, IndexError, AttributeError):
        return []
    groups = parsed["groups"]
    assert isinstance(groups, Iterable)
    return [address for group in groups for address in group.addresses if address.domain]
