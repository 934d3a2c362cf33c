"""alertmanager.yml: routes and inhibitions as shipped, and a receiver with Slack and mail to fill in."""

import json
import re
from collections.abc import Iterator
from typing import Final

from exporter.shipped import shipped

_WHAT: Final = """\
# Who is told of which alerts: an Alertmanager configuration, which redis-vigil runs itself and which an
# Alertmanager takes as it is. {}
#
#   redis-vigil check alertmanager alertmanager.yml
#   redis-vigil test notify --config alertmanager.yml people
"""
_UNFILLED: Final = """\
As it stands nobody is told anything: the alerts are on the daemon's pages.
# To be told, fill in Slack or mail (or both) under `receivers` and take the # away. Then check and try it:"""
_FILLED: Final = "Messages go to Slack. To check a change, and to try it:"
_RECEIVERS: Final = """\
receivers:
  - name: people
{slack}
    # MAIL: write your addresses and your mail server below, put its password into the file
    # secrets/smtp-password, and take the # away from these seven lines.
    # email_configs:
    #   - to: oncall@example.com
    #     from: redis-vigil@example.com
    #     smarthost: smtp.example.com:587
    #     auth_username: redis-vigil@example.com
    #     auth_password_file: secrets/smtp-password
    #     send_resolved: true

    # Webhooks, and everything else: docs/notifications.md.

  # Sends nothing.
  - name: nobody

  # A service that expects a message every minute, and calls you where none comes. Take the # away, and name
  # it in the route of VigilWatchdog, with `group_wait: 0s`, `group_interval: 1m` and `repeat_interval: 50s`.
  # - name: heartbeat
  #   webhook_configs:
  #     - url: https://heartbeat.example.com/ping
  #       send_resolved: false
"""
_SLACK_UNFILLED: Final = """\
    # SLACK: make an incoming webhook (https://api.slack.com/messaging/webhooks), put its URL into the file
    # secrets/slack-url, write your channel below, and take the # away from these four lines.
    # slack_configs:
    #   - channel: '#redis'
    #     api_url_file: secrets/slack-url
    #     send_resolved: true
"""
_SLACK_FILLED: Final = """\
    # The channel is that of the webhook, whatever stands here, unless the webhook is one of the old kind.
    slack_configs:
      - channel: '#redis'
        api_url_file: {}
        send_resolved: true
"""
# A YAML key at the beginning of a line.
_KEY: Final = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)
# YAML that is commented out stands deeper behind its # than prose does.
_COMMENTED_OUT: Final = re.compile(r"^ {2}# {2,}")


def alertmanager_file(slack_url_file: str = "") -> str:
    """The text of the file; Slack is filled in where the file with the URL of a webhook is named."""
    slack = _SLACK_FILLED.format(json.dumps(slack_url_file)) if slack_url_file else _SLACK_UNFILLED
    heading = _WHAT.format(_FILLED if slack_url_file else _UNFILLED)
    sections = dict(_sections(shipped("alertmanager.yml").read_text(encoding="utf-8")))
    lines = sections["route"].splitlines()
    route = "\n".join(line for line in lines if not _COMMENTED_OUT.match(line)).rstrip()
    route = route.replace("receiver: nobody", "receiver: people", 1)
    receivers = _RECEIVERS.format(slack=slack)
    return "\n".join((heading, route, "", receivers, sections["inhibit_rules"].rstrip(), ""))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The sections of a file by their keys, each with the comment above it."""
    comment = ""
    for part in _KEY.split(text):
        body, _, following = part.rpartition("\n\n")
        is_last = not following.startswith("#")
        text_of_section = comment + (part if is_last else body)
        yield part.partition(":")[0], text_of_section
        comment = "" if is_last else following
