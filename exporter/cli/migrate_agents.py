"""`redis-vigil migrate telegraf`, `datadog` and `netdata`: from the files of monitoring agents."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.cli.draft_options import DryRunOption, OutputOption


def register(app: typer.Typer) -> None:
    """Add the commands to the group `migrate`."""
    for command in (telegraf, datadog, netdata):
        app.command()(command)


def telegraf(
    file: Annotated[Path, typer.Argument(help="The telegraf.conf, or one of telegraf.d.", metavar="FILE")],
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    """Write the configuration that watches what Telegraf's inputs redis and redis_sentinel do.

    Variables are put in from the environment; what is not taken is said with its line.

    \b
    redis-vigil migrate telegraf /etc/telegraf/telegraf.conf --output /etc/redis-vigil
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.migrating_files import convert_telegraf

    convert_telegraf(file, output, dry_run=dry_run)


def datadog(
    file: Annotated[
        Path, typer.Argument(help="The conf.yaml in the agent's conf.d/redisdb.d.", metavar="FILE")
    ],
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    """Write the configuration that watches what the Datadog agent's check redisdb does.

    What is not taken is said with its line.

    \b
    redis-vigil migrate datadog /etc/datadog-agent/conf.d/redisdb.d/conf.yaml
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.migrating_files import convert_datadog

    convert_datadog(file, output, dry_run=dry_run)


def netdata(
    file: Annotated[Path, typer.Argument(help="The go.d/redis.conf.", metavar="FILE")],
    output: OutputOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    """Write the configuration that watches what Netdata's collector for Redis does.

    What is not taken is said with its line.

    \b
    redis-vigil migrate netdata /etc/netdata/go.d/redis.conf --output /etc/redis-vigil
    """  # noqa: D301  # click goes by the backspace itself
    from exporter.cli.migrating_files import convert_netdata

    convert_netdata(file, output, dry_run=dry_run)
