"""Receivers that write into chats and are not sent to.

Discord, Mattermost, Microsoft Teams, Rocket.Chat, Telegram, Webex, WeChat.

Source of fields, defaults and rules: notify/*/config.go, config/notifiers.go and config/config.go of
Alertmanager 0.34.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from exporter.config.alertmanager.globals import SecretUrl
from exporter.config.alertmanager.http import Url, at_most_one
from exporter.config.alertmanager.not_sent import NotSentConfig, needs_one
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import RelativePath, SecretText, Section


class _ByWebhook(NotSentConfig):
    """A chat that is written to at an address of its own."""

    webhook_url: SecretUrl | None = None
    webhook_url_file: RelativePath | None = None

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        at_most_one(self, "webhook_url", "webhook_url_file")
        if not self.needs:
            needs_one(self, "webhook_url", "webhook_url_file")
        return self


class DiscordConfig(_ByWebhook):
    """A message in Discord."""

    service = "Discord"

    content: Text = ""
    title: Text = ""
    message: Text = ""
    username: Text = ""
    avatar_url: Text = ""


class TeamsConfig(_ByWebhook):
    """A message in Microsoft Teams, by a connector."""

    service = "Microsoft Teams"

    title: Text = ""
    summary: Text = ""
    text: Text = ""


class TeamsV2Config(_ByWebhook):
    """A message in Microsoft Teams, by a workflow."""

    service = "Microsoft Teams"

    title: Text = ""
    text: Text = ""


class MattermostField(Section):
    """A title and a value."""

    title: Text = Field(min_length=1)
    value: Text = Field(min_length=1)
    short: Flag | None = None


class _MattermostBox(Section):
    """What a message and an attachment have in common."""

    fallback: Text = ""
    color: Text = ""
    pretext: Text = ""
    text: Text = ""
    author_name: Text = ""
    author_link: Text = ""
    author_icon: Text = ""
    title: Text = ""
    title_link: Text = ""
    fields: tuple[MattermostField, ...] = ()
    thumb_url: Text = ""
    footer: Text = ""
    footer_icon: Text = ""
    image_url: Text = ""


class MattermostAttachment(_MattermostBox):
    """A box below the message."""


class MattermostProps(Section):
    """Properties of the message."""

    card: Text = ""


class MattermostPriority(Section):
    """How urgent the message is."""

    priority: Text = ""
    requested_ack: Flag = False
    persistent_notifications: Flag = False


class MattermostConfig(_ByWebhook, _MattermostBox):
    """A message in Mattermost."""

    service = "Mattermost"
    needs = ({name: f"mattermost_{name}" for name in ("webhook_url", "webhook_url_file")},)

    channel: Text = ""
    username: Text = ""
    icon_url: Text = ""
    icon_emoji: Text = ""
    attachments: tuple[MattermostAttachment, ...] = ()
    type: Text = ""
    props: MattermostProps | None = None
    priority: MattermostPriority | None = None


class RocketchatField(Section):
    """A title and a value."""

    short: Flag | None = None
    title: Text = ""
    value: Text = ""


class RocketchatAction(Section):
    """A button. Alertmanager reads these keys without the underscores of its documentation."""

    type: Text = ""
    text: Text = ""
    url: Text = ""
    imageurl: Text = ""
    iswebview: Flag = False
    webviewheightratio: Text = ""
    msg: Text = ""
    msginchatwindow: Flag = False
    msgprocessingtype: Text = ""


class RocketchatConfig(NotSentConfig):
    """A message in Rocket.Chat."""

    service = "Rocket.Chat"
    needs = tuple(
        {name: f"rocketchat_{name}", f"{name}_file": f"rocketchat_{name}_file"}
        for name in ("token_id", "token")
    )

    send_resolved: Flag = False
    api_url: Url | None = None
    token_id: SecretText | None = None
    token_id_file: RelativePath | None = None
    token: SecretText | None = None
    token_file: RelativePath | None = None
    channel: Text = ""
    color: Text = ""
    title: Text = ""
    title_link: Text = ""
    text: Text = ""
    fields: tuple[RocketchatField, ...] = ()
    short_fields: Flag = False
    emoji: Text = ""
    icon_url: Text = ""
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: Flag = False
    actions: tuple[RocketchatAction, ...] = ()

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "token", "token_file")
        at_most_one(self, "token_id", "token_id_file")
        return self


class TelegramConfig(NotSentConfig):
    """A message in Telegram."""

    service = "Telegram"
    needs = ({name: f"telegram_{name}" for name in ("bot_token", "bot_token_file")},)

    api_url: Url | None = None
    bot_token: SecretText | None = None
    bot_token_file: RelativePath | None = None
    chat_id: int = 0
    chat_id_file: RelativePath | None = None
    message_thread_id: int = 0
    message: Text = ""
    disable_notifications: Flag = False
    parse_mode: Literal["", "Markdown", "MarkdownV2", "HTML"] = "HTML"

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "bot_token", "bot_token_file")
        at_most_one(self, "chat_id", "chat_id_file")
        needs_one(self, "chat_id", "chat_id_file")
        return self


class WebexConfig(NotSentConfig):
    """A message in Webex."""

    service = "Webex"

    api_url: Url | None = None
    message: Text = ""
    room_id: Text = Field(min_length=1)

    @model_validator(mode="after")
    def _check_authorization(self) -> Self:
        if self.http_config is None or self.http_config.authorization is None:
            raise ValueError("needs http_config.authorization")
        return self


class WechatConfig(NotSentConfig):
    """A message in WeChat."""

    service = "WeChat"
    needs = (
        {name: f"wechat_{name}" for name in ("api_secret", "api_secret_file")},
        {"corp_id": "wechat_api_corp_id"},
    )

    send_resolved: Flag = False
    api_secret: SecretText | None = None
    api_secret_file: RelativePath | None = None
    corp_id: Text = ""
    message: Text = ""
    api_url: Url | None = None
    to_user: Text = ""
    to_party: Text = ""
    to_tag: Text = ""
    agent_id: Text = ""
    message_type: Literal["", "text", "markdown"] = "text"

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "api_secret", "api_secret_file")
        return self
