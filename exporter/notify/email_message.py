"""Mail of a notification: headers and MIME parts."""

import hashlib
import secrets
import socket
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from exporter.config.alertmanager.email import DEFAULT_SUBJECT, EmailConfig
from exporter.config.alertmanager.style import MessageStyle
from exporter.notify.email_headers import format_header
from exporter.notify.notification import Notification
from exporter.notify.pictures import Picture
from exporter.notify.template import Rendering, TemplateCompiler

_OWN_TEXT: Final = '{{ template "email.default.text" . }}'
_OURS: Final = frozenset({"Content-Type", "Content-Transfer-Encoding", "Mime-Version"})


class EmailMessages:
    """The templates of one entry of `email_configs`, parsed."""

    def __init__(
        self, config: EmailConfig, compiler: TemplateCompiler, style: MessageStyle = "alertmanager"
    ) -> None:
        self._config = config
        # The user's own HTML has other contents than our plain text would.
        has_own_body = bool({"html", "text"} & config.model_fields_set)
        body = _OWN_TEXT if style == "vigil" and not has_own_body else config.text
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
        self._text = compiler.parse("text", body) if body else None
        # A page of its own may have the picture itself, or by a template that has it.
        self.may_show_picture = "alertPicture" in config.html or "template" in config.html
        """Whether it is worth the while to draw one."""

    def build(
        self, notification: Notification, rendering: Rendering, picture: Picture | None = None
    ) -> bytes:
        """Return a multipart/alternative mail, ready to send; a picture is in it if the page shows it."""
        headers = {
            **self._own_headers(notification),
            **{name: self._expand(name, rendering) for name in self._headers},
        }
        return b"".join(format_header(*header) for header in headers.items()) + self._body(rendering, picture)

    def _expand(self, name: str, rendering: Rendering) -> str:
        fallback = self._subject_without_user if name == "Subject" else None
        return rendering.text(self._headers[name], fallback)

    def _own_headers(self, notification: Notification) -> dict[str, str]:
        stamp = int(notification.now * 1e9)
        headers = {
            "Date": format_datetime(datetime.fromtimestamp(notification.now, UTC)),
            "Message-Id": f"<{stamp}.{secrets.randbits(64)}@{_host_name()}>",
        }
        threading = self._config.threading
        if threading.enabled:
            root = thread_root(notification, daily=threading.thread_by_date == "daily")
            headers |= {"References": root, "In-Reply-To": root}
        return headers

    def _body(self, rendering: Rendering, picture: Picture | None) -> bytes:
        """The headers of MIME and the parts; the best comes last (RFC 2046, 5.1.4)."""
        body = EmailMessage(policy.SMTP)
        body["MIME-Version"] = "1.0"
        body.make_alternative()
        if self._text is not None:
            body.add_alternative(rendering.text(self._text), cte="quoted-printable")
        if self._config.html:
            page = rendering.html(self._html, self._html_without_user)
            body.add_alternative(page, subtype="html", cte="quoted-printable")
            if picture is not None and f"cid:{picture.content_id}" in page:
                _add_picture(body, picture)
        return body.as_bytes()


def _add_picture(body: EmailMessage, picture: Picture) -> None:
    """Put a picture beside the page, which is the last part (RFC 2387)."""
    *_, page = body.iter_parts()
    assert isinstance(page, EmailMessage)
    page.add_related(
        picture.png,
        maintype="image",
        subtype="png",
        cid=f"<{picture.content_id}>",
        disposition="inline",
        filename="chart.png",
    )


def thread_root(notification: Notification, *, daily: bool) -> str:
    """Return the Message-ID of a mail that does not exist, to which all mails about a group are replies.

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
