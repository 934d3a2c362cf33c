"""Pictures of alerts below the messages that a Slack app has posted, behind the back of who sends these."""

import asyncio
from typing import Final

from exporter.errors import NotifyError
from exporter.log import get_logger
from exporter.notify.notification import Notification
from exporter.notify.pictures import AlertPictures, picture_of
from exporter.notify.slack_files import SlackFiles
from exporter.notify.slack_messages import Message

_MOST_AT_ONCE: Final = 16

_log = get_logger(__name__)


class SlackPictures:
    """Puts the picture of its alert into the thread of a message that stands there already.

    Nobody waits for it: a message must not be sent twice because its picture takes too long. `receiver` is
    for the log, which tells of the first failure of those that are the same.
    """

    def __init__(self, pictures: AlertPictures, files: SlackFiles, *, receiver: str) -> None:
        self._pictures = pictures
        self._files = files
        self._receiver = receiver
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_error = ""

    def begin(self, api: str, message: Message, notification: Notification) -> None:
        """Draw and upload; of too many at once the rest is left out."""
        if len(self._tasks) >= _MOST_AT_ONCE:
            self._note_failure(f"there are {_MOST_AT_ONCE} on their way already")
            return
        task = asyncio.create_task(self._share(api, message, notification), name="picture for Slack")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def share(self, api: str, message: Message, notification: Notification) -> None:
        """Draw and upload, and have somebody wait for it; raises `NotifyError`."""
        picture = await picture_of(self._pictures, notification)
        if picture is not None:
            await self._files.share(api, picture, message)
            self._last_error = ""

    async def _share(self, api: str, message: Message, notification: Notification) -> None:
        try:
            await self.share(api, message, notification)
        except NotifyError as error:
            self._note_failure(str(error))
        except Exception:
            self._pictures.count_refused()
            _log.exception("a picture for Slack failed", receiver=self._receiver)

    def _note_failure(self, error: str) -> None:
        self._pictures.count_refused()
        if error != self._last_error:
            self._last_error = error
            _log.warning(
                "a message in Slack has no picture of its alert", receiver=self._receiver, error=error
            )
