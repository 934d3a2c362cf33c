"""Receivers: names that routes refer to, each with the entries that notifications are sent by.

Source of fields, defaults and rules: Alertmanager 0.34, config/notifiers.go and config/config.go.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Self, get_args

from pydantic import Field, model_validator

from exporter.config.alertmanager.chats import (
    DiscordConfig,
    MattermostConfig,
    RocketchatConfig,
    TeamsConfig,
    TeamsV2Config,
    TelegramConfig,
    WebexConfig,
    WechatConfig,
)
from exporter.config.alertmanager.email import EmailConfig
from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.config.alertmanager.pagers import (
    IncidentioConfig,
    JiraConfig,
    OpsgenieConfig,
    PagerdutyConfig,
    PushoverConfig,
    SnsConfig,
    VictoropsConfig,
)
from exporter.config.alertmanager.scalars import Text
from exporter.config.alertmanager.slack import SlackConfig
from exporter.config.alertmanager.webhook import WebhookConfig
from exporter.config.fields import Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem

KEY_ENDING: Final = "_configs"
"""What the key of a kind of receiver ends with: entries of `slack` stand under `slack_configs`."""


class Receiver(Section):
    """A name that routes refer to, and everything that is sent under it."""

    name: Text = Field(min_length=1)
    """The name."""
    labels: dict[str, Text] = Field(default_factory=dict)
    """What the API can find the receiver by (`receiver_matchers=`)."""
    slack_configs: tuple[SlackConfig, ...] = ()
    """Messages to Slack."""
    email_configs: tuple[EmailConfig, ...] = ()
    """Mails."""
    webhook_configs: tuple[WebhookConfig, ...] = ()
    """Webhooks."""

    discord_configs: tuple[DiscordConfig, ...] = ()
    incidentio_configs: tuple[IncidentioConfig, ...] = ()
    jira_configs: tuple[JiraConfig, ...] = ()
    mattermost_configs: tuple[MattermostConfig, ...] = ()
    msteams_configs: tuple[TeamsConfig, ...] = ()
    msteamsv2_configs: tuple[TeamsV2Config, ...] = ()
    opsgenie_configs: tuple[OpsgenieConfig, ...] = ()
    pagerduty_configs: tuple[PagerdutyConfig, ...] = ()
    pushover_configs: tuple[PushoverConfig, ...] = ()
    rocketchat_configs: tuple[RocketchatConfig, ...] = ()
    sns_configs: tuple[SnsConfig, ...] = ()
    telegram_configs: tuple[TelegramConfig, ...] = ()
    victorops_configs: tuple[VictoropsConfig, ...] = ()
    webex_configs: tuple[WebexConfig, ...] = ()
    wechat_configs: tuple[WechatConfig, ...] = ()

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        if self.labels.get("name", self.name) != self.name:
            raise PlacedError(
                [Problem(("labels", "name"), f'must be the name of the receiver, "{self.name}"')]
            )
        return self

    @property
    def all_labels(self) -> dict[str, str]:
        """The labels, with the name among them."""
        return {**self.labels, "name": self.name}

    @classmethod
    def kinds(cls) -> Mapping[str, type[ReceiverEntry]]:
        """Return the models of entries by the kind of receiver (`slack`)."""
        return {
            name.removesuffix(KEY_ENDING): get_args(field.annotation)[0]
            for name, field in cls.model_fields.items()
            if name.endswith(KEY_ENDING)
        }

    def entries_of(self, kind: str) -> Sequence[ReceiverEntry]:
        """Return the entries of a kind, in their order."""
        entries: Sequence[ReceiverEntry] = getattr(self, f"{kind}{KEY_ENDING}")
        return entries

    @property
    def not_sent(self) -> Sequence[tuple[str, int, NotSentConfig]]:
        """The entries that are not sent to: the kind (`pagerduty`), the position in its list, the entry."""
        return [
            (kind, index, entry)
            for kind in self.kinds()
            for index, entry in enumerate(self.entries_of(kind))
            if isinstance(entry, NotSentConfig)
        ]

    @property
    def services_not_sent(self) -> Sequence[str]:
        """What people call the services of these entries, each once."""
        return list(dict.fromkeys(entry.service for _, _, entry in self.not_sent))

    @property
    def is_sent(self) -> bool:
        """Whether the daemon sends anything under this name."""
        return any(
            self.entries_of(kind)
            for kind, model in self.kinds().items()
            if not issubclass(model, NotSentConfig)
        )
