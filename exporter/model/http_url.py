"""URLs of HTTP services, which may hold secrets: a password, a query, the path of a chat's webhook."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

_HIDDEN: Final = "<secret>"
# Where the path itself is the secret: webhooks of Slack, Discord, Teams, Mattermost and Rocket.Chat, bots of
# Telegram.
_WEBHOOK: Final = re.compile(r"(/(?:services|workflows|triggers|webhooks|webhook|webhookb2|hooks)/).+")
_BOT: Final = re.compile(r"(/(?:file/)?bot)\d+:[^/]+")

_SECRET: Final = re.compile(r"token|secret|passw|api_?-?key|^(key|auth|sig|signature)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class HttpUrl:
    """An http or https URL; wherever it turns up it stands as `shown`, and `reveal` is the only way to it."""

    _text: str

    def reveal(self) -> str:
        """The URL itself, for the one call that needs it."""
        return self._text

    def with_path(self, path: str) -> "HttpUrl":
        """The URL of what lies below; user, password and query stay where they are."""
        parts = urlsplit(self._text)
        return HttpUrl(urlunsplit(parts._replace(path=parts.path.rstrip("/") + path)))

    @property
    def shown(self) -> str:
        """Scheme, host, port and path: without what stands before the host, without query and fragment."""
        parts = urlsplit(self._text)
        path = _BOT.sub(rf"\1{_HIDDEN}", _WEBHOOK.sub(rf"\1{_HIDDEN}", parts.path))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))

    @property
    def secret_in_query(self) -> str:
        """The first parameter whose name says that it is a secret; empty where none does."""
        names = (name for name, _ in parse_qsl(urlsplit(self._text).query, keep_blank_values=True))
        return next((name for name in names if _SECRET.search(name)), "")

    def __repr__(self) -> str:
        return self.shown

    def __str__(self) -> str:
        return self.shown
