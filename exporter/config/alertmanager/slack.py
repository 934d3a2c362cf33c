"""`slack_configs`.

Source of fields, defaults and rules: notify/slack/config.go and config/config.go of Alertmanager.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from exporter.config.alertmanager.globals import SecretUrl
from exporter.config.alertmanager.http import HttpConfig, Url, at_most_one
from exporter.config.alertmanager.scalars import Flag, Text, refuse
from exporter.config.fields import Duration, RelativePath, SecretText, Section

POST_MESSAGE: Final = "/chat.postMessage"
"""How the address ends at which a Slack app posts; only messages posted there can be updated."""


class SlackConfirmation(Section):
    """The question that a button asks before it acts."""

    text: Text = Field(min_length=1)
    """The question."""
    title: Text = ""
    """The title of the dialogue."""
    ok_text: Text = ""
    """The button that confirms."""
    dismiss_text: Text = ""
    """The button that does not."""


class SlackAction(Section):
    """A button below the message: a link (`url`), or a message to the app (`name`)."""

    type: Text = Field(min_length=1)
    """The kind of action, usually `button`."""
    text: Text = Field(min_length=1)
    """What stands on the button."""
    url: Text = ""
    """Where a link leads."""
    style: Text = ""
    """`primary`, `danger` or nothing."""
    name: Text = ""
    """The name under which the app hears of it."""
    value: Text = ""
    """What the app hears."""
    confirm: SlackConfirmation | None = None
    """What is asked first; not for links."""

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if not self.url and not self.name:
            raise ValueError("needs a url or a name")
        return self


class SlackField(Section):
    """A title and a value in the table below the text."""

    title: Text = Field(min_length=1)
    """What it is."""
    value: Text = Field(min_length=1)
    """How much it is."""
    short: Flag | None = None
    """Whether it shares its line; `short_fields` where it is not written."""


class SlackConfig(Section):
    """A message to Slack: by an incoming webhook, or by an app with its token."""

    send_resolved: Flag = False
    """Whether the end of alerts is told too."""
    http_config: HttpConfig | None = None
    """How the request is made; the global one where it is not written."""
    api_url: SecretUrl | None = None
    """The incoming webhook."""
    api_url_file: RelativePath | None = None
    """A file with the incoming webhook."""
    app_token: SecretText | None = None
    """The token of an app."""
    app_token_file: RelativePath | None = None
    """A file with the token of an app."""
    app_url: Url = ""
    """Where the app posts."""
    channel: Text = ""
    """The channel or user."""
    username: Text = '{{ template "slack.default.username" . }}'
    """The name of the sender."""
    color: Text = '{{ template "slack.default.color" . }}'
    """The colour beside the message."""
    title: Text = '{{ template "slack.default.title" . }}'
    """The title."""
    title_link: Text = '{{ template "slack.default.titlelink" . }}'
    """Where the title leads."""
    pretext: Text = '{{ template "slack.default.pretext" . }}'
    """What stands above the message."""
    text: Text = '{{ template "slack.default.text" . }}'
    """The text."""
    message_text: Text = ""
    """The text of the message itself, above its attachment; notifications on phones show it."""
    fields: tuple[SlackField, ...] = ()
    """The table below the text."""
    short_fields: Flag = False
    """Whether fields share lines unless they say otherwise."""
    footer: Text = '{{ template "slack.default.footer" . }}'
    """What stands below the message."""
    fallback: Text = '{{ template "slack.default.fallback" . }}'
    """What programs show that show no attachments."""
    callback_id: Text = '{{ template "slack.default.callbackid" . }}'
    """The name under which the app hears of buttons."""
    icon_emoji: Text = '{{ template "slack.default.iconemoji" . }}'
    """The sender's picture, as an emoji."""
    icon_url: Text = '{{ template "slack.default.iconurl" . }}'
    """The sender's picture."""
    image_url: Text = ""
    """A picture below the text."""
    thumb_url: Text = ""
    """A small picture beside the text."""
    link_names: Flag = False
    """Whether `@name` and `#channel` become links."""
    mrkdwn_in: tuple[Text, ...] = ()
    """Which parts may hold markup; fallback, pretext and text where nothing is written."""
    actions: tuple[SlackAction, ...] = ()
    """Buttons."""
    update_message: Flag = False
    """Whether news about a group change its message instead of becoming another; needs an app."""
    post_updates_to_thread: Annotated[
        None, refuse("messages in threads are not known here: update_message keeps a group in one message")
    ] = None
    timeout: Duration = Duration(0)
    """How long a request may take; 0 for the default of 30 s."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "api_url", "api_url_file")
        at_most_one(self, "app_token", "app_token_file")
        written = [
            name for name in ("api_url", "api_url_file", "app_token", "app_token_file") if self._has(name)
        ]
        if len(written) > 1:
            raise ValueError(f"at most one of {', '.join(written)} can be given")
        if self.app_token and self.http_config is not None and self.http_config.authorization is not None:
            raise ValueError(
                "app_token goes without http_config.authorization: the token is the authorization"
            )
        return self

    def _has(self, name: str) -> bool:
        return bool(getattr(self, name))

    @property
    def posts_as_app(self) -> bool:
        """Whether messages go to chat.postMessage, whose answers name the message."""
        if self.app_token or self.app_token_file:
            return True
        return self.api_url is not None and self.api_url.reveal().endswith(POST_MESSAGE)
