"""`slack_configs`.

Source of fields, defaults and rules: notify/slack/config.go and config/config.go of Alertmanager.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from exporter.config.alertmanager.entry import HttpReceiverEntry
from exporter.config.alertmanager.globals import Global, SecretUrl
from exporter.config.alertmanager.http import Url, at_most_one
from exporter.config.alertmanager.scalars import Flag, Text, refuse
from exporter.config.fields import Duration, RelativePath, SecretText, Section
from exporter.errors import Problem

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


class SlackConfig(HttpReceiverEntry):
    """A message to Slack: by an incoming webhook, or by an app with its token."""

    send_resolved: Flag = False
    """Whether the end of alerts is sent too."""
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

    def with_globals(self, defaults: Global) -> Self:
        """Return the entry with `http_config`, an address and a way to authorize from `global`."""
        update: dict[str, object] = {"app_url": self.app_url or defaults.slack_app_url}
        has_own = self.api_url or self.api_url_file or self.app_token or self.app_token_file
        authorized = self.http_config is not None and self.http_config.authorization is not None
        if not has_own and not authorized and (defaults.slack_app_token or defaults.slack_app_token_file):
            update |= {
                "app_token": defaults.slack_app_token,
                "app_token_file": defaults.slack_app_token_file,
            }
        elif not has_own:
            update |= {"api_url": defaults.slack_api_url, "api_url_file": defaults.slack_api_url_file}
        return super().with_globals(defaults).model_copy(update=update)

    def find_incomplete(self, defaults: Global) -> Iterator[Problem]:
        """Yield that there is no address, or that messages cannot be updated there."""
        if not (self.api_url or self.api_url_file or self.app_token or self.app_token_file):
            yield Problem(
                (),
                "there is no address: write api_url or app_token here, "
                "or slack_api_url or slack_app_token in global",
            )
        elif self.update_message and not self.posts_as_app:
            yield Problem(
                ("update_message",),
                "needs a Slack app (app_token, or an api_url that ends with /chat.postMessage): "
                "messages of an incoming webhook cannot be changed",
            )

    @property
    def posts_as_app(self) -> bool:
        """Whether messages go to chat.postMessage, whose answers name the message."""
        if self.app_token or self.app_token_file:
            return True
        return self.api_url is not None and self.api_url.reveal().endswith(POST_MESSAGE)
