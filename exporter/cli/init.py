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
    str, typer.Option("--web-user", metavar="NAME", help="The name of that user; asks for the password.")
]


@asks_servers
def init(
    servers: Sequence[Access],
    output: OutputOption = Path(),
    web_config: WebConfigOption = False,
    web_user: WebUserOption = "admin",
    offline: OfflineOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write config.yml and alertmanager.yml for servers, after a look at what they are.

    Asks each server, read-only, and finds its cluster, Sentinel, primary and replicas, and its queues.
    Existing files stay as they are. Example: redis-vigil init redis://cache.example.com:6379
    """
    from exporter.cli.first_files import make_first_files

    make_first_files(
        servers, output, dry_run=dry_run, offline=offline, web_user=web_user if web_config else ""
    )
