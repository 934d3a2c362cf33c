"""Messages on the terminal, in the place of Slack."""

from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.markup import escape

from exporter.model.alert import Alert
from exporter.notify.notification import Notification

_COLOURS: Final = {"critical": "red", "warning": "yellow"}


class Terminal:
    """An integration that prints what others would send."""

    name: Final = "terminal"
    send_resolved: Final = True

    def __init__(self, console: Console) -> None:
        self._console = console

    async def send(self, notification: Notification) -> None:
        """Print each alert of a message."""
        for alert in notification.alerts:
            self._print(alert, notification.now)

    def _print(self, alert: Alert, now: float) -> None:
        summary = alert.annotations.get("summary") or alert.annotations.get("description")
        stamp = datetime.fromtimestamp(now, UTC).astimezone().strftime("%H:%M:%S")
        if alert.is_resolved(now):
            mark = "[bold green]RESOLVED[/]"
        else:
            mark = f"[bold {_COLOURS.get(alert.labels.get('severity'), 'cyan')}]FIRING  [/]"
        self._console.print(
            f"{stamp} {mark} [bold]{escape(alert.name)}[/]  {escape(summary)}",
            highlight=False,
            soft_wrap=True,
        )
