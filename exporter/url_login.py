"""Logins in URLs that stand where everybody reads them: in labels, names, and sentences about mistakes."""

import re
from typing import Final

# A password in a server's URL may hold anything, a slash or a space too; in other URLs an @ after the host
# belongs to the path.
_SERVER: Final = r"\b((?:redis|rediss|valkey|valkeys|unix|tcp):/{1,3}+)"
_REDIS: Final = re.compile(rf"{_SERVER}.*@", re.IGNORECASE)
_REDIS_PASSWORD: Final = re.compile(rf"{_SERVER}([^:@/?#\s]*)(?::.*@|@)", re.IGNORECASE)
_URL: Final = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://)[^/?#\s\"'<>]*@", re.IGNORECASE)
_LONE: Final = re.compile(r"^\s*[^\s/:@]*:\S*@(?=[^\s@/]+:\d+(?:/\d*)?\s*$)")
_PARAMETER: Final = re.compile(
    r"([?&#;][^=&#;?\s]{0,40}(?:token|secret|passw|pwd|api_?-?key|signature)[^=&#;?\s]{0,40}=)[^&#;\s\"'<>]+",
    re.IGNORECASE,
)
_ANY: Final = r"(\b[a-z][a-z0-9+.-]{0,30}:/{1,3}+)"
# What stands in our own sentences as an example is none.
_EXAMPLE: Final = r"(?!(?:user)?:password@[^\s@]*(?:[\s,;]|$))"
_IN_SENTENCE: Final = re.compile(rf"{_SERVER}{_EXAMPLE}\S*@", re.IGNORECASE)
_OTHER_IN_SENTENCE: Final = re.compile(rf"{_ANY}{_EXAMPLE}[^/?#\s\"'<>]*@", re.IGNORECASE)
_WEBHOOK: Final = re.compile(
    r"([:\"]/{1,2}+[^\s/]+/(?:services|workflows|triggers|webhooks|hooks)/)[^\s\"']+"
)
_HIDDEN: Final = "<secret>"
_LONGEST_SENTENCE: Final = 10_000


def without_login(text: str) -> str:
    """The text with what URLs in it hold of secrets taken out.

    Those are user and password, and values of parameters whose names say that they are secret. Of a server's
    URL the address is left: `redis://:secret@host:6379` is `redis://host:6379`.
    """
    if "@" in text:
        text = _LONE.sub("", _URL.sub(r"\1", _REDIS.sub(r"\1", text)))
    return hide_parameters(text)


def without_password(text: str) -> str:
    """The same for a name that somebody has chosen: the user in the URL of a server stays.

    `redis://user:secret@host:6379` is `redis://user@host:6379`.
    """
    match = _REDIS_PASSWORD.fullmatch(text[: text.rfind("@") + 1])
    if match is None:
        return without_login(text)
    server, user = match.groups()
    return hide_parameters(f"{server}{user}{'@' if user else ''}{text[match.end() :]}")


def sentence_without_logins(text: str) -> str:
    """The same for a sentence that quotes what somebody wrote, perhaps in the wrong place."""
    text = text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE]}…"
    if "@" in text:
        text = _OTHER_IN_SENTENCE.sub(r"\1", _IN_SENTENCE.sub(r"\1", text))
    return hide_parameters(_WEBHOOK.sub(rf"\1{_HIDDEN}", text) if "/" in text else text)


def hide_parameters(text: str, placeholder: str = _HIDDEN) -> str:
    """The text with a placeholder for values of those parameters of URLs that their names call secret."""
    return _PARAMETER.sub(rf"\1{placeholder}", text) if "=" in text else text
