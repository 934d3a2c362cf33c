"""`redis-vigil run`: the daemon."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    config: Annotated[
        Path | None, typer.Option(help="The configuration file (config.yml).", envvar="REDIS_VIGIL_CONFIG")
    ] = None,
    redis: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="A server to watch, as redis://host:port; may be given several times. Without a "
            "configuration file the default is $REDIS_URL, else the server of redis_exporter's variables "
            "(REDIS_ADDR), else redis://localhost:6379.",
        ),
    ] = None,
    listen_address: Annotated[
        str | None,
        typer.Option("--web.listen-address", help="Where to listen, instead of the configuration's."),
    ] = None,
    storage_path: Annotated[
        Path | None,
        typer.Option(
            "--storage.path",
            metavar="DIR",
            help="A directory for what must survive a restart, where the configuration has no storage.path.",
            envvar="REDIS_VIGIL_STORAGE_PATH",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="N/COUNT",
            help="Which of several daemons this one is, such as 2/5, instead of the configuration's: each "
            "server is watched by exactly one of them.",
            envvar="REDIS_VIGIL_SHARD",
        ),
    ] = None,
) -> None:
    """Watch Redis servers: sample them, expose metrics, evaluate rules, notify people."""
    from exporter.cli.serving import serve_servers

    serve_servers(config, tuple(redis or ()), listen_address, storage_path, shard)
