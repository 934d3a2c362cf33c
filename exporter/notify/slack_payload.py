"""JSON of a message to Slack.

Source: notify/slack/slack.go of Alertmanager; Slack's documentation of legacy attachments for the meaning.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from exporter.config.alertmanager.slack import SlackAction, SlackConfig, SlackField
from exporter.gotemplate import Function, Template
from exporter.notify.data import notification_data
from exporter.notify.notification import Notification
from exporter.notify.slack_limits import USUAL, shorten
from exporter.notify.slack_markup import finish, guard, reveal, with_original_text
from exporter.notify.template import Rendering, TemplateCompiler

LONGEST_TITLE: Final = 1024
"""Characters; the same as Alertmanager's."""

_MARKUP_IN: Final = ("fallback", "pretext", "text")
# Visible fields: markup from outside is escaped, and the error of a template shows in its place.
_TEXTS: Final = ("title", "pretext", "text", "fallback", "footer")
_VALUES: Final = ("title_link", "callback_id", "image_url", "thumb_url", "color")
_MESSAGE_VALUES: Final = ("channel", "username", "icon_emoji", "icon_url")
_ALWAYS: Final = frozenset({"text", "fallback", "callback_id", "footer"})


class SlackPayload:
    """The templates of one entry of `slack_configs`, parsed."""

    def __init__(self, config: SlackConfig, compiler: TemplateCompiler) -> None:
        self._config = config
        self._templates = {
            name: compiler.parse(name, getattr(config, name))
            for name in (*_TEXTS, *_VALUES, *_MESSAGE_VALUES, "message_text")
        }
        self._title_without_user = compiler.parse("title", '{{ template "slack.default.title" . }}')
        self._fields = [
            _FieldTemplates(field, compiler.at("fields", index)) for index, field in enumerate(config.fields)
        ]
        self._actions = [
            _ActionTemplates(action, compiler.at("actions", index))
            for index, action in enumerate(config.actions)
        ]

    def build(self, notification: Notification, functions: Mapping[str, Function]) -> dict[str, Any]:
        """Return the request's body."""
        config = self._config
        read = Rendering(
            notification_data(notification, guard),
            with_original_text(functions),
            # An error may quote data that is escaped already.
            guard=lambda fault: guard(reveal(fault)),
            finish=partial(finish, links_names=config.link_names),
        )
        plain = Rendering(notification_data(notification), functions, finish=_printable, beside=read)
        attachment = self._attachment(read, plain)
        message = {name: plain.value(self._templates[name]) for name in _MESSAGE_VALUES}
        message["text"] = read.text(self._templates["message_text"])
        _add_faults(attachment, plain.faults)
        body: dict[str, Any] = {name: value for name, value in message.items() if value}
        if config.link_names:
            body["link_names"] = True
        return shorten({**body, "attachments": [attachment]}, USUAL)

    def _attachment(self, read: Rendering, plain: Rendering) -> dict[str, Any]:
        texts = {name: read.text(self._templates[name]) for name in _TEXTS if name != "title"}
        title = read.text(self._templates["title"], self._title_without_user, longest=LONGEST_TITLE)
        values = {name: plain.value(self._templates[name]) for name in _VALUES}
        parts = {"title": title, **texts, **values}
        attachment: dict[str, Any] = {name: part for name, part in parts.items() if part or name in _ALWAYS}
        attachment["mrkdwn_in"] = list(self._config.mrkdwn_in or _MARKUP_IN)
        if self._fields:
            attachment["fields"] = [field.build(read, self._config.short_fields) for field in self._fields]
        if self._actions:
            attachment["actions"] = [action.build(read, plain) for action in self._actions]
        return attachment


def _printable(text: str) -> str:
    """An address or a name: no line breaks."""
    return text.strip()


def _add_faults(attachment: dict[str, Any], faults: list[str]) -> None:
    """Add errors of invisible fields to the end of the text."""
    shown = [finish(guard(fault), links_names=True) for fault in faults]
    attachment["text"] = "\n".join(filter(None, (attachment["text"], *shown)))


class _FieldTemplates:
    def __init__(self, field: SlackField, compiler: TemplateCompiler) -> None:
        self._short = field.short
        self._title = compiler.parse("title", field.title)
        self._value = compiler.parse("value", field.value)

    def build(self, read: Rendering, short_fields: bool) -> dict[str, Any]:
        return {
            "title": read.text(self._title),
            "value": read.text(self._value),
            "short": short_fields if self._short is None else self._short,
        }


class _ActionTemplates:
    def __init__(self, action: SlackAction, compiler: TemplateCompiler) -> None:
        # A link sends no message: its name, value and question are ignored.
        names = ("type", "url", "style") if action.url else ("type", "style", "name", "value")
        self._text = compiler.parse("text", action.text)
        self._values = {name: compiler.parse(name, getattr(action, name)) for name in names}
        self._question: dict[str, Template] = {}
        if action.confirm is not None and not action.url:
            within = compiler.at("confirm")
            parts = ("text", "title", "ok_text", "dismiss_text")
            self._question = {name: within.parse(name, getattr(action.confirm, name)) for name in parts}

    def build(self, read: Rendering, plain: Rendering) -> dict[str, Any]:
        values = {name: plain.value(template) for name, template in self._values.items()}
        action: dict[str, Any] = {name: value for name, value in values.items() if value}
        action["text"] = read.text(self._text)
        question = {name: read.text(template) for name, template in self._question.items()}
        if question:
            action["confirm"] = {name: text for name, text in question.items() if text}
        return action
