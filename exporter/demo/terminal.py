"""Messages on the terminal: they say what others would say in Slack."""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.markup import escape

from exporter.model.printable import printable_lines
from exporter.notify.data import notification_data
from exporter.notify.digest import AlertText, digest
from exporter.notify.digest_text import plain_lines
from exporter.notify.notification import Notification

_COLOURS: Final = {"critical": "red", "warning": "yellow"}
_INDENT: Final = 9
_LINKS: Final = ("Alert", "Runbook")


class Terminal:
    """An integration that prints what others would send; `clock` writes the time of day of epoch seconds."""

    name: Final = "terminal"
    send_resolved: Final = True
    notifies_event_ends: Final = False

    def __init__(self, console: Console, clock: Callable[[float], str]) -> None:
        self._console = console
        self._clock = clock

    async def send(self, notification: Notification) -> None:
        """Print each alert of a message."""
        told = digest(notification_data(notification, printable_lines), notification.now)
        for alert in told.alerts:
            self._print(alert, self._clock(notification.now))
        if told.left_out:
            self._console.print(f"{'':{_INDENT}}… and {told.left_out} more: {told.url}", highlight=False)

    def _print(self, alert: AlertText, time_of_day: str) -> None:
        colour = "green" if alert.is_over else _COLOURS.get(alert.severity, "cyan")
        headline = f"{time_of_day} [bold {colour}]{escape(alert.headline)}[/]"
        self._console.print(headline, highlight=False, soft_wrap=True)
        for line in plain_lines(alert, _LINKS):
            # Each on one line, as wide as it is: an address that is broken cannot be opened.
            text = f"{'':{_INDENT}}[dim]{escape(' '.join(line.split()))}[/]"
            self._console.print(text, highlight=False, soft_wrap=True)
