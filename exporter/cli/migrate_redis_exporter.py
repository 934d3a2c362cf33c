"""`redis-vigil migrate redis_exporter`: from its command line and environment."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.draft_output import DryRunOption, OutputOption


def register(app: typer.Typer) -> None:
    """Add the command to the group `migrate`."""
    app.command("redis_exporter")(migrate_redis_exporter)


def migrate_redis_exporter(
    flags: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its flags, after --, as they stand on its command line.", metavar="[-- FLAG...]"
        ),
    ] = None,
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    r"""Write the configuration that does what a redis_exporter does, and say what differs.

    Flags are given after --; its variables (REDIS_ADDR, REDIS_PASSWORD, REDIS_EXPORTER_...) are read
    from the environment. Secrets go into files of their own, which only you can read.

    \b
    redis-vigil migrate redis_exporter -- --redis.addr=redis://cache:6379 --check-keys='db0=queue:*'
    """
    from exporter.cli.migrating import migrate_exporter

    migrate_exporter(flags or (), output, dry_run=dry_run)
