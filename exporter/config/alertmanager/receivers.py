"""Receivers: who can be told, and how.

Source of fields, defaults and rules: Alertmanager 0.34, config/notifiers.go and config/config.go.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator

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
from exporter.config.alertmanager.http import HttpConfig, at_most_one, check_url
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
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.alertmanager.slack import SlackConfig
from exporter.config.fields import Duration, RelativePath, SecretText, Section
from exporter.config.validation import Fault, PlacedError
from exporter.model.secret import Secret

SENT: Final = ("slack_configs", "email_configs", "webhook_configs")
"""The keys of the kinds of receivers that are sent to."""


def _webhook_url(secret: Secret) -> Secret:
    # Since Alertmanager 0.29 the address may be a template.
    if "{{" not in secret.reveal():
        check_url(secret.reveal())
    return secret


class WebhookConfig(Section):
    """A POST of the alerts as JSON."""

    send_resolved: Flag = True
    """Whether the end of alerts is told too."""
    http_config: HttpConfig | None = None
    """How the request is made; the global one where it is not written."""
    url: Annotated[SecretText, AfterValidator(_webhook_url)] | None = None
    """Where to."""
    url_file: RelativePath | None = None
    """A file with the address."""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    """The most alerts in one message; 0 for all."""
    timeout: Duration = Duration(0)
    """How long a request may take; 0 for the default of 30 s."""
    payload: Any = None
    """The message in a form of your own: texts in it are templates. Without it the alerts as JSON."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "url", "url_file")
        if self.url is None and self.url_file is None:
            raise ValueError("needs a url or a url_file")
        return self


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
            raise PlacedError([Fault(("labels", "name"), f'must be the name of the receiver, "{self.name}"')])
        return self

    @property
    def all_labels(self) -> dict[str, str]:
        """The labels, with the name among them."""
        return {**self.labels, "name": self.name}

    @property
    def not_sent(self) -> Sequence[tuple[str, int, NotSentConfig]]:
        """The entries that this daemon does not send to: the kind (`pagerduty`), the place in its list."""
        return [
            (key.removesuffix("_configs"), index, entry)
            for key in NOT_SENT
            for index, entry in enumerate(getattr(self, key))
        ]

    @property
    def services_not_sent(self) -> Sequence[str]:
        """What people call the services of these entries, each once."""
        return list(dict.fromkeys(entry.service for _, _, entry in self.not_sent))

    @property
    def is_sent(self) -> bool:
        """Whether the daemon sends anything under this name."""
        return bool(self.slack_configs or self.email_configs or self.webhook_configs)


NOT_SENT: Final = tuple(
    name for name in Receiver.model_fields if name.endswith("_configs") and name not in SENT
)
"""The keys of the kinds of receivers that are read, checked and routed to, and not sent to."""
