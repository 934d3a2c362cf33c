"""Pictures: the chart of an alert within a message.

Who draws them is none of this package: `AlertPictures` is handed to integrations, or is not where no pictures
are wanted. A message never depends on one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from exporter.gotemplate.values import Structure
from exporter.model.alert import Alert
from exporter.notify.notification import Notification
from exporter.notify.urgency import most_urgent_first

MOST_ALERTS: Final = 50
"""So many alerts of a message are looked at for one that can be drawn."""

MOST_BYTES: Final = 60_000
"""The largest file: mails and phones get many of them."""


@dataclass(frozen=True, slots=True)
class Picture(Structure):
    """A PNG, and what templates see of it.

    `fingerprint` is that of the alert that it is of, `title` says so in words. `description` is what can be
    seen, for those who do not see it. `width` and `height` are those to show it in. The texts may have those
    of others in them, as labels do.
    """

    png: bytes
    fingerprint: str
    title: str
    description: str
    width: int
    height: int

    go_type: ClassVar[str] = "pictures.Picture"
    go_fields: ClassVar[Mapping[str, str]] = {
        "ID": "content_id",
        "Fingerprint": "fingerprint",
        "Title": "title",
        "Description": "description",
        "Width": "width",
        "Height": "height",
    }

    @property
    def content_id(self) -> str:
        """The name by which a page in a mail finds it (RFC 2392): `<img src="cid:…">`."""
        return f"{self.fingerprint}.{hashlib.sha256(self.png).hexdigest()[:16]}@redis-vigil"


class AlertPictures(Protocol):
    """Draws alerts."""

    async def draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
        """Return a picture of the first of these alerts that has something to be drawn, at `now` (epoch).

        None where there is nothing, or it takes too long: it returns in seconds, and raises nothing.
        """
        ...

    async def sample(self, alert: Alert, now: float) -> Picture | None:
        """Return an example for the alert of a test message, as `draw` does."""
        ...

    def count_refused(self) -> None:
        """Count a picture that a receiver did not take."""
        ...


async def picture_of(pictures: AlertPictures | None, notification: Notification) -> Picture | None:
    """Return the picture for a notification: of the alert that it describes first, of those that have one."""
    if pictures is None:
        return None
    if notification.is_trial:
        return await pictures.sample(notification.alerts[0], notification.now)
    return await pictures.draw(most_urgent_first(notification)[:MOST_ALERTS], notification.now)
