"""Receivers: who can be told, and how.

Source of fields, defaults and rules: Alertmanager 0.28, config/notifiers.go and config/config.go. Kinds of
receivers that Alertmanager has and this daemon has not are refused with a sentence of their own.
"""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.config.alertmanager.email import EmailConfig
from exporter.config.alertmanager.http import HttpConfig, at_most_one, check_url
from exporter.config.alertmanager.scalars import Flag, Text, refuse
from exporter.config.alertmanager.slack import SlackConfig
from exporter.config.fields import Duration, RelativePath, SecretText, Section
from exporter.model.secret import Secret


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


def _refuse(service: str) -> BeforeValidator:
    return refuse(
        f"this daemon does not send to {service}: let it forward to an Alertmanager that does "
        "(alerting.alertmanagers in config.yml)"
    )


class Receiver(Section):
    """A name that routes refer to, and everything that is sent under it."""

    name: Text = Field(min_length=1)
    """The name."""
    slack_configs: tuple[SlackConfig, ...] = ()
    """Messages to Slack."""
    email_configs: tuple[EmailConfig, ...] = ()
    """Mails."""
    webhook_configs: tuple[WebhookConfig, ...] = ()
    """Webhooks."""

    discord_configs: Annotated[None, _refuse("Discord")] = None
    incidentio_configs: Annotated[None, _refuse("incident.io")] = None
    jira_configs: Annotated[None, _refuse("Jira")] = None
    mattermost_configs: Annotated[None, _refuse("Mattermost")] = None
    msteams_configs: Annotated[None, _refuse("Microsoft Teams")] = None
    msteamsv2_configs: Annotated[None, _refuse("Microsoft Teams")] = None
    opsgenie_configs: Annotated[None, _refuse("Opsgenie")] = None
    pagerduty_configs: Annotated[None, _refuse("PagerDuty")] = None
    pushover_configs: Annotated[None, _refuse("Pushover")] = None
    rocketchat_configs: Annotated[None, _refuse("Rocket.Chat")] = None
    sns_configs: Annotated[None, _refuse("Amazon SNS")] = None
    telegram_configs: Annotated[None, _refuse("Telegram")] = None
    victorops_configs: Annotated[None, _refuse("VictorOps")] = None
    webex_configs: Annotated[None, _refuse("Webex")] = None
    wechat_configs: Annotated[None, _refuse("WeChat")] = None
