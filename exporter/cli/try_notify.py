"""`redis-vigil test notify`: send one message to a receiver, and tell how that went."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.config.alertmanager.style import MessageStyle


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("notify")(send_test_message)


def send_test_message(
    receiver: Annotated[str, typer.Argument(help="The name of the receiver.", metavar="RECEIVER")],
    config: Annotated[Path, typer.Option("--config", help="The alertmanager.yml.")],
    resolved: Annotated[bool, typer.Option("--resolved", help="Tell that the alert is over.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for each answer.", min=1)
    ] = 30.0,
    external_url: Annotated[
        str, typer.Option("--external-url", help="What links in the message lead to.")
    ] = "http://localhost:9121",
    message_style: Annotated[
        MessageStyle, typer.Option("--message-style", help="Whose default texts, as in config.yml.")
    ] = "vigil",
    pictures: Annotated[
        bool,
        typer.Option("--pictures/--no-pictures", help="With the chart, or as with alerting.pictures: false."),
    ] = True,
) -> None:
    """Send a test message through everything that a receiver consists of."""
    from exporter.cli.message_trial import send_message

    send_message(
        receiver,
        config,
        resolved=resolved,
        timeout_seconds=timeout,
        external_url=external_url,
        style=message_style,
        pictures=pictures,
    )
