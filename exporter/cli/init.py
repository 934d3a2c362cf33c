"""`redis-vigil init [URL…]`: the first files, made of what the servers say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.access import Access, asks_servers
from exporter.cli.draft_options import DryRunOption, OutputOption

OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Ask nobody: write the files for the servers as they are named.")
]
WebConfigOption = Annotated[
    bool,
    typer.Option(
        "--web-config",
        help="Write a web-config.yml too, with a user for the daemon's pages, APIs and metrics.",
    ),
]
WebUserOption = Annotated[
    str,
    typer.Option("--web-user", metavar="NAME", help="That user, whose password is asked for."),
]


SlackOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A file that holds the URL of an incoming webhook of Slack, to which messages go then.",
        exists=True,
        dir_okay=False,
        readable=True,
    ),
]


@asks_servers
def init(
    servers: Sequence[Access],
    output: OutputOption = Path(),
    slack_url_file: SlackOption = None,
    web_config: WebConfigOption = False,
    web_user: WebUserOption = "admin",
    offline: OfflineOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write config.yml and alertmanager.yml for servers, after a look at what they are.

    Asks each server, read-only, and finds its cluster, Sentinel, primary and replicas, and its queues.
    Prints the ACL line of a user who may do no more than what is watched takes. Existing files stay as they
    are.

    \b
    redis-vigil init redis://cache.example.com:6379
    redis-vigil init --user admin --password-file secrets/redis rediss://node-1:6379 rediss://node-2:6379
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.first_files import make_first_files

    make_first_files(
        servers,
        output,
        dry_run=dry_run,
        offline=offline,
        web_user=web_user if web_config else "",
        slack_url_file=slack_url_file,
    )
