"""Limits of the parts of a Slack message, and shortening to them.

Slack takes 40,000 characters (chat.postMessage) and cuts what is longer, or refuses the message with
`msg_too_long`, which happens with fewer: how it counts is not documented. So a message that was refused is
sent once more, so short that no count of it can be too long.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exporter.http_client.transport import Answer
from exporter.notify.template import truncate

# The beginning of an entity or a link whose end was cut off.
_BROKEN: Final = re.compile(r"(?:&[a-z]{0,3}|<[^>]*)\Z")


@dataclass(frozen=True, slots=True)
class SlackLimits:
    """Characters of each part, and how many fields there may be."""

    message_text: int
    text: int
    beside: int
    field: int
    fields: int
    title: int
    footer: int


USUAL: Final = SlackLimits(
    message_text=40_000, text=40_000, beside=4_000, field=4_000, fields=1_000, title=8_000, footer=4_000
)
AFTER_REFUSAL: Final = SlackLimits(
    message_text=500, text=1_800, beside=250, field=50, fields=5, title=200, footer=100
)
"""Less than 4,000 characters in all, the most that Slack advises."""


def is_too_long(answer: Answer) -> bool:
    """Return whether a message was refused for its length: `msg_too_long`, `msg_blocks_too_long`."""
    return answer.status == 413 or (answer.status in (200, 400) and b"_too_long" in answer.body)


def shorten(payload: Mapping[str, Any], limits: SlackLimits) -> dict[str, Any]:
    """Return the body of a request with every part cut to its limit."""
    short: dict[str, Any] = dict(payload)
    if "text" in short:
        short["text"] = cut(short["text"], limits.message_text)
    if "attachments" in short:
        short["attachments"] = [_attachment(one, limits) for one in short["attachments"]]
    return short


def _attachment(attachment: Mapping[str, Any], limits: SlackLimits) -> dict[str, Any]:
    most = {
        "text": limits.text,
        "pretext": limits.beside,
        "fallback": limits.beside,
        "title": limits.title,
        "footer": limits.footer,
    }
    short: dict[str, Any] = {
        name: cut(part, most[name]) if name in most else part for name, part in attachment.items()
    }
    if "fields" in short:
        short["fields"] = [
            {**one, "title": cut(one["title"], limits.field), "value": cut(one["value"], limits.field)}
            for one in short["fields"][: limits.fields]
        ]
    return short


def cut(text: str, longest: int) -> str:
    """Return the text, or its beginning with a note. It ends with a whole line where that is not far less."""
    if len(text) <= longest:
        return text
    note = f"\n… ({len(text):,} characters, shortened)"
    room = longest - len(note)
    if room < longest // 2:
        return truncate(_BROKEN.sub("", text[: longest - 1]) + "…", longest)
    beginning = text[:room]
    line_end = beginning.rfind("\n")
    beginning = beginning[:line_end] if line_end > room // 2 else beginning
    return _BROKEN.sub("", beginning) + note
