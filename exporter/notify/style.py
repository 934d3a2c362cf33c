"""Template functions of the message styles: our own texts, or Alertmanager's."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from exporter.config.alertmanager.style import MessageStyle
from exporter.gotemplate import Function
from exporter.gotemplate.alertmanager import FUNCTION_NAMES, NotificationData, notification_functions
from exporter.gotemplate.values import ANY
from exporter.notify.digest import Digest, digest
from exporter.notify.digest_text import plain_text, slack_text
from exporter.notify.pictures import Picture

DEFAULT_FILES: Final[Mapping[MessageStyle, tuple[str, ...]]] = {
    "alertmanager": ("default.tmpl", "email.tmpl"),
    "vigil": ("default.tmpl", "email.tmpl", "vigil.tmpl", "vigil_email.tmpl"),
}
"""The files with default templates; what a later one defines replaces what an earlier one does."""

# Called by the templates of our own style only.
_OWN_NAMES: Final = frozenset({"digest", "slackText", "plainText", "alertPicture"})


def function_names(style: MessageStyle) -> Collection[str]:
    """Return the names of the functions that templates may call."""
    return FUNCTION_NAMES | _OWN_NAMES if style == "vigil" else FUNCTION_NAMES


def message_functions(now: Callable[[], float], picture: Picture | None = None) -> dict[str, Function]:
    """Return the functions of the templates of one message; `now` returns epoch seconds.

    `picture` is the one that the message has within it.
    """
    at = now()
    # Cached, because each part of a message calls it.
    made: list[tuple[NotificationData, Digest]] = []

    def make_digest(data: NotificationData) -> Digest:
        known = next((one for of, one in made if of is data), None)
        if known is None:
            known = digest(data, at)
            made.append((data, known))
        return known

    own = {
        "digest": Function(make_digest, (ANY,)),
        "slackText": Function(lambda data: slack_text(make_digest(data)), (ANY,)),
        "plainText": Function(lambda data: plain_text(make_digest(data)), (ANY,)),
        "alertPicture": Function(lambda: picture),
    }
    return {**notification_functions(now), **own}
