"""`message_style`: whose words messages are in where no template says otherwise."""

from typing import Literal

MessageStyle = Literal["vigil", "alertmanager"]
"""Our own default texts, or Alertmanager's, byte for byte."""
