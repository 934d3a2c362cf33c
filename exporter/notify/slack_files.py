"""Files in Slack: the picture of an alert in the thread of its message.

Source: Slack's documentation of files.getUploadURLExternal and files.completeUploadExternal. Who sees the
channel sees the file; it has no address that others could open.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from exporter.config.alertmanager.http import check_url
from exporter.errors import NotifyError
from exporter.http_client.transport import Answer
from exporter.model.visible import visible
from exporter.notify.http import HttpClient
from exporter.notify.pictures import Picture
from exporter.notify.slack_messages import Message
from exporter.timing.backoff import exponential_backoff

DEADLINE_SECONDS: Final = 120.0
"""A picture that has not arrived by then is given up, whatever Slack asks to wait."""

_BEGIN: Final = "files.getUploadURLExternal"
_END: Final = "files.completeUploadExternal"
_FORM: Final = "application/x-www-form-urlencoded"
_FIRST_DELAY_SECONDS: Final = 1.0
_MOST_DELAY_SECONDS: Final = 30.0
_LONGEST_TEXT: Final = 900  # of the 1,000 characters of alt_txt
# The texts are none that Slack reads markup in; should it once, these begin it.
_PLAIN: Final = str.maketrans("<>", "‹›")
_WAYS_OUT: Final[Mapping[str, str]] = {
    "missing_scope": "give the app the scope {needed} (OAuth & Permissions) and install it again",
    "not_in_channel": "invite the app to the channel",
    "channel_not_found": "invite the app to the channel",
    "file_uploads_disabled": "the workspace allows no uploads; alerting.pictures: false stops trying",
}


class SlackFiles:
    """Uploads as an app; `authorization` returns the headers with its token."""

    def __init__(self, client: HttpClient, authorization: Callable[[], Mapping[str, str]]) -> None:
        self._client = client
        self._authorization = authorization

    async def share(self, api: str, picture: Picture, message: Message) -> None:
        """Put a picture into the thread of a message; `api` is the URL that names of methods are added to.

        Tries again until the deadline, when Slack asks for it; raises `NotifyError`.
        """
        delays = exponential_backoff(_FIRST_DELAY_SECONDS, _MOST_DELAY_SECONDS)
        ends_at = asyncio.get_running_loop().time() + DEADLINE_SECONDS

        async def persistently(step: Callable[[], Awaitable[Answer]]) -> Mapping[str, Any]:
            while True:
                try:
                    return self._read(await step())
                except NotifyError as error:
                    delay = max(next(delays), error.retry_after_seconds or 0.0)
                    if not error.retryable or asyncio.get_running_loop().time() + delay > ends_at:
                        raise
                await asyncio.sleep(delay)

        place = await persistently(lambda: self._call(f"{api}/{_BEGIN}", _announced(picture)))
        url = _upload_url(place, api)
        await persistently(lambda: self._client.post_raw(url, picture.png, "image/png"))
        shared = _shared(str(place.get("file_id", "")), picture, message)
        await persistently(lambda: self._call(f"{api}/{_END}", shared))

    async def _call(self, url: str, fields: Mapping[str, str]) -> Answer:
        headers = {**self._authorization(), "Content-Type": _FORM}
        return await self._client.post(url, urlencode(fields).encode(), headers)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        """Return the answer of a method; that of the upload itself is no JSON. Raises `NotifyError`."""
        self._client.check(answer)
        if not answer.headers.get("content-type", "").startswith("application/json"):
            return {}
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise NotifyError(f"slack: {answer.host}: the answer is not JSON", retryable=True) from None
        if not isinstance(data, dict) or data.get("ok") is not True:
            raise _refusal(answer, data if isinstance(data, dict) else {})
        return data


def _announced(picture: Picture) -> dict[str, str]:
    seen = f"{picture.title}. {picture.description}"
    return {"filename": "chart.png", "length": str(len(picture.png)), "alt_txt": _plain(seen)}


def _shared(file_id: str, picture: Picture, message: Message) -> dict[str, str]:
    files = json.dumps([{"id": file_id, "title": _plain(picture.title)}])
    return {"files": files, "channel_id": message.channel, "thread_ts": message.timestamp}


def _plain(text: str) -> str:
    return visible(text).translate(_PLAIN)[:_LONGEST_TEXT]


def _upload_url(place: Mapping[str, Any], api: str) -> str:
    """Where the file goes to: no worse a connection than that to the API."""
    url = str(place.get("upload_url", ""))
    try:
        check_url(url)
    except ValueError:
        url = ""
    if not url or (api.startswith("https:") and not url.startswith("https:")):
        raise NotifyError("slack: the answer has no upload_url that a file could go to", retryable=False)
    return url


def _refusal(answer: Answer, data: Mapping[str, Any]) -> NotifyError:
    reason = answer.shown(str(data.get("error") or "")) or answer.text or "an empty answer"
    way_out = _WAYS_OUT.get(reason, "").format(needed=data.get("needed") or "files:write")
    text = f"slack: {answer.host}: {reason}"
    return NotifyError(f"{text}: {way_out}" if way_out else text, retryable=False, kind="clientError")
