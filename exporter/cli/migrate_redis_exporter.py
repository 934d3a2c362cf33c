"""`redis-vigil migrate redis_exporter`: from its command line and environment."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.draft_options import DryRunOption, OutputOption


def register(app: typer.Typer) -> None:
    """Add the command to the group `migrate`."""
    app.command("redis_exporter")(migrate_redis_exporter)


def migrate_redis_exporter(
    flags: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its flags, after --: alone, with the program before them, or a whole docker run.",
            metavar="FLAG",
        ),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="What starts it: a systemd unit, a file of variables, a compose file or Kubernetes "
            "manifests. May be given several times.",
        ),
    ] = None,
    env_files: Annotated[
        list[Path] | None,
        typer.Option("--env-file", metavar="FILE", help="NAME=value lines with more of its environment."),
    ] = None,
    prometheus: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The prometheus.yml that scrapes it, to be told what changes."),
    ] = None,
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    """Write the configuration that does what a redis_exporter does, and say what differs.

    Its variables (REDIS_ADDR, REDIS_PASSWORD, REDIS_EXPORTER_...) are read from the environment, unless it
    is started by a file or in a container. Secrets go into files of their own, which only you can read.

    \b
    redis-vigil migrate redis_exporter --from /lib/systemd/system/prometheus-redis-exporter.service
    redis-vigil migrate redis_exporter -- --redis.addr=redis://cache:6379 --check-keys='db0=queue:*'
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.migrating import migrate_exporters

    migrate_exporters(flags or (), files or (), env_files or (), prometheus, output, dry_run=dry_run)
