"""`redis-vigil migrate prometheus`: from a prometheus.yml."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.draft_options import DryRunOption, OutputOption


def register(app: typer.Typer) -> None:
    """Add the command to the group `migrate`."""
    app.command("prometheus")(migrate_prometheus)


def migrate_prometheus(
    file: Annotated[Path, typer.Argument(help="The prometheus.yml.", metavar="FILE")],
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
    job: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A job to take, instead of all that look like redis_exporter's; may be given several times.",
        ),
    ] = None,
    exporter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS=URL",
            help="Which server an exporter asks, where the file does not say it, as "
            "cache-1:9121=redis://cache-1:6379; may be given several times.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="redis_exporter's password file (JSON), where servers ask for a password."
        ),
    ] = None,
    alertmanager: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An alertmanager.yml by which the daemon notifies itself, instead of the Alertmanagers that "
            "the file names.",
        ),
    ] = None,
) -> None:
    """Write the configuration that watches what the jobs of redis_exporter in a prometheus.yml do.

    Takes their servers and service discovery under the names that they have had, relabelling, intervals,
    rules, Alertmanagers, remote_write and external_labels, and says with file and line what is not
    taken. A job for that Prometheus to scrape the daemon instead comes along.

    \b
    redis-vigil migrate prometheus /etc/prometheus/prometheus.yml --output /etc/redis-vigil
    redis-vigil migrate prometheus prometheus.yml --exporter cache-1:9121=redis://10.0.0.7:6380
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.migrating_files import convert_prometheus

    exporters = (exporter or (), password_file)
    convert_prometheus(file, output, dry_run=dry_run, jobs=job or (), exporters=exporters, own=alertmanager)
