"""`message_style`: the default texts of messages, ours or Alertmanager's."""

from typing import Literal

MessageStyle = Literal["vigil", "alertmanager"]
"""Our own default texts, or Alertmanager's, byte for byte."""
