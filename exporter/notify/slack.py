"""Integration `slack`: messages by an incoming webhook or as an app.

Source: notify/slack/slack.go of Alertmanager. Text from outside cannot inject: see
`exporter.notify.slack_markup`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from exporter.config.alertmanager.http import HttpConfig, check_url
from exporter.config.alertmanager.slack import SlackConfig
from exporter.errors import NotifyError
from exporter.http_client.transport import Answer
from exporter.log import get_logger
from exporter.notify.http import HttpClient
from exporter.notify.making import Making
from exporter.notify.notification import Notification
from exporter.notify.pictures import AlertPictures
from exporter.notify.receiver_kind import BuildContext, ReceiverKind
from exporter.notify.refusals import refusal
from exporter.notify.secrets import reveal
from exporter.notify.slack_files import SlackFiles
from exporter.notify.slack_limits import AFTER_REFUSAL, is_too_long, shorten
from exporter.notify.slack_messages import MemoryMessages, Message, Messages, MessagesOf
from exporter.notify.slack_payload import SlackPayload
from exporter.notify.slack_pictures import SlackPictures
from exporter.notify.style import message_functions
from exporter.notify.template import TemplateCompiler

_UPDATE: Final = "chat.update"
# Errors of the API that say nothing against the message. Source: docs.slack.dev, chat.postMessage.
_PASSING: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited"}
)

_log = get_logger(__name__)


class SlackIntegration:
    """One entry of `slack_configs`, merged with the global settings.

    `messages` remembers what was posted for which group, for `update_message`. `pictures` draws what an app
    posts below its messages, `receiver` is for the log.
    """

    name: Final = "slack"

    def __init__(
        self,
        config: SlackConfig,
        compiler: TemplateCompiler,
        now: Callable[[], float],
        messages: Messages | None = None,
        *,
        notifies_event_ends: bool = True,
        pictures: AlertPictures | None = None,
        receiver: str = "",
    ) -> None:
        self.send_resolved = config.send_resolved
        self.notifies_event_ends = notifies_event_ends
        self._config = config
        self._now = now
        self._making = Making()
        self._messages = messages or MemoryMessages()
        self._payload = SlackPayload(config, compiler)
        self._client = HttpClient(
            config.http_config or HttpConfig(), self.name, timeout_seconds=config.timeout.seconds, now=now
        )
        self._pictures: SlackPictures | None = None
        if pictures is not None and config.posts_as_app:
            files = SlackFiles(self._client, self._authorization)
            self._pictures = SlackPictures(pictures, files, receiver=receiver)

    async def send(self, notification: Notification) -> None:
        """Post the message, or change the group's earlier one; raises `NotifyError`."""
        functions = message_functions(self._now)
        payload = await self._making.run(self._payload.build, notification, functions)
        if not self._config.update_message:
            await self._post_new(notification, payload)
            return
        earlier = self._messages.get(notification.group_key)
        posted = await self._update(earlier, payload) if earlier is not None else None
        self._remember(notification, posted or await self._post_new(notification, payload))

    async def _post_new(self, notification: Notification, payload: dict[str, Any]) -> Message | None:
        """Post a message, which gets its picture; one that is changed keeps that of its beginning."""
        url = self._post_url()
        posted = await self._post(url, payload)
        if posted is not None and self._pictures is not None:
            await self._add_picture(self._pictures, _api_of(url), posted, notification)
        return posted

    async def _add_picture(
        self, pictures: SlackPictures, api: str, posted: Message, notification: Notification
    ) -> None:
        """Have the picture follow its message; who tests is told when it does not."""
        if not notification.is_trial:
            pictures.begin(api, posted, notification)
            return
        try:
            await pictures.share(api, posted, notification)
        except NotifyError as error:
            raise NotifyError(
                f"the message has arrived, its chart has not: {error}", retryable=False
            ) from None

    async def _update(self, earlier: Message, payload: dict[str, Any]) -> Message | None:
        """Update a message; return None where Slack refuses, because it was deleted for example."""
        url = f"{_api_of(self._post_url())}/{_UPDATE}"
        try:
            changed = await self._post(url, {**payload, "channel": earlier.channel, "ts": earlier.timestamp})
        except NotifyError as error:
            if error.retryable:
                raise
            _log.warning("a Slack message cannot be changed, posting another", error=str(error))
            return None
        return changed or earlier

    async def _post(self, url: str, payload: Mapping[str, Any]) -> Message | None:
        answer = await self._request(url, payload)
        if is_too_long(answer):
            _log.warning("a Slack message is too long, sending a shorter one", error=answer.text)
            answer = await self._request(url, shorten(payload, AFTER_REFUSAL))
        return self._check(answer, str(payload.get("channel", "")))

    async def _request(self, url: str, payload: Mapping[str, Any]) -> Answer:
        return await self._client.post_json(url, json.dumps(payload).encode(), self._authorization())

    def _post_url(self) -> str:
        config = self._config
        if config.app_token or config.app_token_file:
            return config.app_url
        url = reveal(config.api_url, config.api_url_file)
        try:
            return check_url(url)
        except ValueError as error:
            raise NotifyError(f"slack: api_url {error}", retryable=config.api_url_file is not None) from None

    def _authorization(self) -> dict[str, str]:
        token = reveal(self._config.app_token, self._config.app_token_file)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _check(self, answer: Answer, channel: str) -> Message | None:
        """Return the message that Slack has posted, if it names it; raises `NotifyError` where it did not.

        An incoming webhook answers `ok`, the API with JSON that has `ok: true`. Anything else is an error,
        and final unless it is a fault of Slack's own: Slack has read the message and does not want it.
        """
        self._client.check(answer)
        if not answer.headers.get("content-type", "").startswith("application/json"):
            if answer.body.strip() == b"ok":
                return None
            raise _refusal(answer, channel, answer.text, self._now())
        data = _parse(answer)
        if data.get("ok") is not True:
            error = data.get("error", "")
            raise _refusal(answer, channel, answer.shown(str(error)) if error else answer.text, self._now())
        if data.get("ts") and data.get("channel"):
            return Message(str(data["channel"]), str(data["ts"]))
        return None

    def _remember(self, notification: Notification, posted: Message | None) -> None:
        """Store which message was posted; once all alerts have ended, the next one gets a new message."""
        over = all(
            alert.is_resolved(notification.now) or (alert.is_event and not self.notifies_event_ends)
            for alert in notification.alerts
        )
        if over:
            self._messages.delete(notification.group_key)
        elif posted is not None:
            self._messages.put(notification.group_key, posted)


def _api_of(url: str) -> str:
    """The URL that names of the API's methods are added to."""
    return url.rpartition("/")[0]


def _parse(answer: Answer) -> Mapping[str, Any]:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        # The response is that of a proxy, not of Slack.
        raise NotifyError(f"slack: {answer.host}: the answer is not JSON", retryable=True) from None
    return data if isinstance(data, dict) else {}


def _refusal(answer: Answer, channel: str, reason: str, now: float) -> NotifyError:
    place = f"slack: {answer.host}" + (f': channel "{channel}"' if channel else "")
    text = f"{place}: {reason or 'an empty answer'}"
    if reason in _PASSING:
        return refusal(text, answer, now, is_retryable=True)
    return NotifyError(text, retryable=False, kind="clientError")


def _build(config: SlackConfig, context: BuildContext) -> SlackIntegration:
    return SlackIntegration(
        config,
        context.compiler,
        context.now,
        MessagesOf(f"{context.receiver}/{context.index}", context.messages),
        notifies_event_ends=context.style == "alertmanager",
        pictures=context.pictures,
        receiver=context.receiver,
    )


KIND: Final = ReceiverKind("slack", SlackConfig, _build)
