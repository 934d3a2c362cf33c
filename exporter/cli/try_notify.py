"""`redis-vigil test notify`: send one message to a receiver, and tell how that went."""

from typing import Annotated

import typer

from exporter.cli.routing_option import RoutingOption
from exporter.config.alertmanager.style import MessageStyle


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("notify")(send_test_message)


def send_test_message(
    receiver: Annotated[str, typer.Argument(help="The name of the receiver.", metavar="RECEIVER")],
    config: RoutingOption,
    resolved: Annotated[bool, typer.Option("--resolved", help="Tell that the alert is over.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for each answer.", min=1)
    ] = 30.0,
    external_url: Annotated[
        str | None,
        typer.Option(
            "--external-url",
            help="What links in the message lead to, instead of web.external_url of the configuration.",
        ),
    ] = None,
    message_style: Annotated[
        MessageStyle | None,
        typer.Option("--message-style", help="Whose default texts, instead of the configuration's."),
    ] = None,
    pictures: Annotated[
        bool | None,
        typer.Option("--pictures/--no-pictures", help="With the chart or without, instead of as configured."),
    ] = None,
) -> None:
    """Send a test message through everything that a receiver consists of.

    Texts, links and pictures are as the daemon's configuration says: that is the config.yml which is named,
    or the one beside an alertmanager.yml, if it uses that.

    \b
    redis-vigil test notify --config alertmanager.yml people
    """  # noqa: D301  # click goes by the backspace itself
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
