"""`global`: defaults of receivers."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, model_validator

from exporter.config.alertmanager.http import HttpConfig, TlsConfig, Url, at_most_one, check_url
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import Duration, RelativePath, SecretText, Section
from exporter.model.secret import Secret

_HOST_PORT: Final = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*):([^:\[\]]+)")
_NAMED_PORTS: Final = {"smtp": 25, "smtps": 465, "submissions": 465, "submission": 587}


def _host_port(text: str) -> str:
    if not text:
        return text
    found = _HOST_PORT.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not an address such as mail.example.com:587')
    if mail_port(found[1]) is None:
        names = ", ".join(_NAMED_PORTS)
        raise ValueError(f'the port "{found[1]}" must be a number from 1 to 65535, or one of {names}')
    return text


def mail_port(text: str) -> int | None:
    """The port of a mail server, by number or name; None for what is none."""
    if text.isascii() and text.isdecimal():
        port = int(text) if len(text) <= 5 else 0
        return port if 0 < port <= 65_535 else None
    return _NAMED_PORTS.get(text)


HostPort = Annotated[Text, AfterValidator(_host_port)]
"""`host:port`; an IPv6 address stands in brackets."""


def _secret_url(secret: Secret) -> Secret:
    check_url(secret.reveal())
    return secret


SecretUrl = Annotated[SecretText, AfterValidator(_secret_url)]
"""An http or https URL that must not be shown."""


class Global(Section):
    """Defaults of receivers, and the time after which an alert that is not heard of again is resolved."""

    resolve_timeout: Duration = Duration(5 * 60_000)
    """How long an alert without an end counts as firing."""
    http_config: HttpConfig = HttpConfig()
    """How HTTP requests are made."""

    smtp_from: Text = ""
    """The sender of mails."""
    smtp_hello: Text = "localhost"
    """The name the mail server is greeted with."""
    smtp_smarthost: HostPort = ""
    """The mail server."""
    smtp_auth_username: Text = ""
    """The user at the mail server."""
    smtp_auth_password: SecretText | None = None
    """The password at the mail server."""
    smtp_auth_password_file: RelativePath | None = None
    """A file with the password."""
    smtp_auth_secret: SecretText | None = None
    """The secret of CRAM-MD5."""
    smtp_auth_secret_file: RelativePath | None = None
    """A file with the secret of CRAM-MD5."""
    smtp_auth_identity: Text = ""
    """The identity of PLAIN."""
    smtp_require_tls: Flag = True
    """Whether mails go out encrypted only."""
    smtp_tls_config: TlsConfig = TlsConfig()
    """TLS towards the mail server."""
    smtp_force_implicit_tls: Flag | None = None
    """Whether TLS begins with the connection, whatever the port."""

    slack_api_url: SecretUrl | None = None
    """Slack's incoming webhook."""
    slack_api_url_file: RelativePath | None = None
    """A file with Slack's incoming webhook."""
    slack_app_token: SecretText | None = None
    """The token of a Slack app."""
    slack_app_token_file: RelativePath | None = None
    """A file with the token of a Slack app."""
    slack_app_url: Url = "https://slack.com/api/chat.postMessage"
    """Where a Slack app posts."""

    # Defaults of receivers that Alertmanager has and this daemon has not: read, so that a file that still
    # holds them loads, and used for nothing.
    jira_api_url: Url | None = None
    mattermost_webhook_url: SecretUrl | None = None
    mattermost_webhook_url_file: Text = ""
    opsgenie_api_key: SecretText | None = None
    opsgenie_api_key_file: Text = ""
    opsgenie_api_url: Url | None = None
    pagerduty_url: Url | None = None
    rocketchat_api_url: Url | None = None
    rocketchat_token: SecretText | None = None
    rocketchat_token_file: Text = ""
    rocketchat_token_id: SecretText | None = None
    rocketchat_token_id_file: Text = ""
    telegram_api_url: Url | None = None
    telegram_bot_token: SecretText | None = None
    telegram_bot_token_file: Text = ""
    victorops_api_key: SecretText | None = None
    victorops_api_key_file: Text = ""
    victorops_api_url: Url | None = None
    webex_api_url: Url | None = None
    wechat_api_corp_id: Text = ""
    wechat_api_secret: SecretText | None = None
    wechat_api_secret_file: Text = ""
    wechat_api_url: Url | None = None

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        for name in _WITH_FILES:
            at_most_one(self, name, f"{name}_file")
        has_token = self.slack_app_token or self.slack_app_token_file
        has_webhook = self.slack_api_url or self.slack_api_url_file
        same = self.slack_api_url is not None and self.slack_api_url.reveal() == self.slack_app_url
        if has_token and has_webhook and not same:
            raise ValueError("at most one of slack_api_url and slack_app_token can be given")
        return self


_WITH_FILES: Final = tuple(name for name in Global.model_fields if f"{name}_file" in Global.model_fields)
