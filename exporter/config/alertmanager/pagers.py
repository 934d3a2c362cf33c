"""Receivers that page people or open tickets and are not sent to.

Amazon SNS, incident.io, Jira, Opsgenie, PagerDuty, Pushover, VictorOps.

Source of fields, defaults and rules: notify/*/config.go, config/notifiers.go and config/config.go of
Alertmanager 0.34, and github.com/prometheus/sigv4.
"""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.config.alertmanager.http import Url, at_most_one
from exporter.config.alertmanager.not_sent import NotSentConfig, needs_one
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import Duration, RelativePath, SecretText, Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem

_GO_DURATION: Final = re.compile(r"0|[-+]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h))+")
_RESPONDERS: Final = ("team", "teams", "user", "escalation", "schedule")
# Fields of VictorOps that Alertmanager sets itself.
_VICTOROPS_OWN: Final = (
    *("routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool"),
    *("entity_id", "entity_state"),
)


def _go_duration(text: str) -> str:
    if text and not _GO_DURATION.fullmatch(text):
        raise ValueError(f'"{text}" is not a duration such as 1m30s')
    return text


GoDuration = Annotated[Text, AfterValidator(_go_duration)]
"""A duration as Go writes it: `1h30m`, `1.5h`."""


class IncidentioConfig(NotSentConfig):
    """An alert in incident.io."""

    service = "incident.io"

    url: Url | None = None
    url_file: RelativePath | None = None
    alert_source_token: SecretText | None = None
    alert_source_token_file: RelativePath | None = None
    max_alerts: Annotated[int, Field(ge=0)] = 0
    timeout: Duration = Duration(0)

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        needs_one(self, "url", "url_file")
        at_most_one(self, "url", "url_file")
        at_most_one(self, "alert_source_token", "alert_source_token_file")
        http, token = self.http_config, self.alert_source_token or self.alert_source_token_file
        if http is not None and (http.authorization is None) is not bool(token):
            raise ValueError(
                "needs either alert_source_token, alert_source_token_file or http_config.authorization"
            )
        return self


class JiraField(Section):
    """A text of an issue, and whether it is written anew when the issue is changed."""

    template: Text = ""
    enable_update: Flag | None = None


def _jira_field(value: object) -> object:
    return value if isinstance(value, dict) else {"template": value}


JiraText = Annotated[JiraField, BeforeValidator(_jira_field)]
"""A text alone, or a mapping."""


class JiraConfig(NotSentConfig):
    """An issue in Jira."""

    service = "Jira"
    needs = ({"api_url": "jira_api_url"},)

    api_url: Url | None = None
    api_type: Literal["auto", "cloud", "datacenter"] = "auto"
    project: Text = Field(min_length=1)
    summary: JiraText = JiraField()
    description: JiraText = JiraField()
    labels: tuple[Text, ...] = ()
    priority: Text = ""
    issue_type: Text = Field(min_length=1)
    reopen_transition: Text = ""
    resolve_transition: Text = ""
    wont_fix_resolution: Text = ""
    reopen_duration: Duration | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class OpsgenieResponder(Section):
    """Who is to react."""

    id: Text = ""
    name: Text = ""
    username: Text = ""
    type: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        needs_one(self, "id", "username", "name")
        if "{{" not in self.type and self.type.lower() not in _RESPONDERS:
            raise PlacedError([Problem(("type",), f"must be one of {', '.join(_RESPONDERS)}")])
        return self


class OpsgenieConfig(NotSentConfig):
    """An alert in Opsgenie."""

    service = "Opsgenie"
    needs = ({name: f"opsgenie_{name}" for name in ("api_key", "api_key_file")},)

    api_key: SecretText | None = None
    api_key_file: RelativePath | None = None
    api_url: Url | None = None
    message: Text = ""
    description: Text = ""
    source: Text = ""
    details: dict[str, Text] = Field(default_factory=dict)
    entity: Text = ""
    responders: tuple[OpsgenieResponder, ...] = ()
    actions: Text = ""
    tags: Text = ""
    note: Text = ""
    priority: Text = ""
    update_alerts: Flag = False

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "api_key", "api_key_file")
        return self


class PagerdutyImage(Section):
    """A picture."""

    src: Text = ""
    alt: Text = ""
    href: Text = ""


class PagerdutyLink(Section):
    """A link."""

    href: Text = ""
    text: Text = ""


class PagerdutyConfig(NotSentConfig):
    """An event in PagerDuty."""

    service = "PagerDuty"

    service_key: SecretText | None = None
    service_key_file: RelativePath | None = None
    routing_key: SecretText | None = None
    routing_key_file: RelativePath | None = None
    url: Url | None = None
    client: Text = ""
    client_url: Text = ""
    description: Text = ""
    details: dict[str, Any] = Field(default_factory=dict)
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: Text = ""
    severity: Text = ""
    class_: Text = Field("", alias="class")
    component: Text = ""
    group: Text = ""
    timeout: Duration = Duration(0)

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        needs_one(self, "routing_key", "routing_key_file", "service_key", "service_key_file")
        at_most_one(self, "routing_key", "routing_key_file")
        at_most_one(self, "service_key", "service_key_file")
        return self


class PushoverConfig(NotSentConfig):
    """A message by Pushover."""

    service = "Pushover"

    user_key: SecretText | None = None
    user_key_file: RelativePath | None = None
    token: SecretText | None = None
    token_file: RelativePath | None = None
    title: Text = ""
    message: Text = ""
    url: Text = ""
    url_title: Text = ""
    device: Text = ""
    sound: Text = ""
    priority: Text = ""
    retry: GoDuration = ""
    expire: GoDuration = ""
    ttl: GoDuration = ""
    html: Flag = False
    monospace: Flag = False

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        for name in ("user_key", "token"):
            needs_one(self, name, f"{name}_file")
            at_most_one(self, name, f"{name}_file")
        at_most_one(self, "html", "monospace")
        return self


class SigV4Config(Section):
    """How requests to AWS are signed."""

    region: Text = ""
    access_key: Text = ""
    secret_key: SecretText | None = None
    profile: Text = ""
    role_arn: Text = ""
    external_id: Text = ""
    use_fips_sts_endpoint: Flag = False
    service_name: Text = ""

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if bool(self.access_key) is not bool(self.secret_key):
            raise ValueError("access_key and secret_key belong together")
        return self


class SnsConfig(NotSentConfig):
    """A message by Amazon SNS."""

    service = "Amazon SNS"

    api_url: Text = ""
    sigv4: SigV4Config = SigV4Config()
    topic_arn: Text = ""
    phone_number: Text = ""
    target_arn: Text = ""
    subject: Text = ""
    message: Text = ""
    attributes: dict[str, Text] = Field(default_factory=dict)
    use_aws_http_client: Flag = False

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        # Alertmanager's condition, which lets all three pass.
        if (not self.target_arn) ^ (not self.topic_arn) ^ (not self.phone_number):
            raise ValueError("needs one of target_arn, topic_arn and phone_number")
        return self


class VictoropsConfig(NotSentConfig):
    """An incident in VictorOps."""

    service = "VictorOps"
    needs = ({name: f"victorops_{name}" for name in ("api_key", "api_key_file")},)

    api_key: SecretText | None = None
    api_key_file: RelativePath | None = None
    api_url: Url | None = None
    routing_key: Text = Field(min_length=1)
    message_type: Text = ""
    state_message: Text = ""
    entity_display_name: Text = ""
    monitoring_tool: Text = ""
    custom_fields: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "api_key", "api_key_file")
        problems = [
            Problem(("custom_fields", name), "is set by Alertmanager itself", at_key=True)
            for name in self.custom_fields
            if name in _VICTOROPS_OWN
        ]
        if problems:
            raise PlacedError(problems)
        return self
