"""`redis-vigil check config|rules|alertmanager FILE…`: all problems of all files, each in one line."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.check.unknown_metrics import UnknownMetrics

app = typer.Typer(help="Check files without running anything.", no_args_is_help=True, rich_markup_mode=None)

UnknownMetricsOption = Annotated[
    UnknownMetrics,
    typer.Option(
        help="What rules are that read metrics which nothing here produces: a company's file may hold those "
        "of other exporters too."
    ),
]
Files = Annotated[list[Path], typer.Argument(help="The files to check.", metavar="FILE...")]


@app.command("config")
def check_config(
    files: Annotated[list[Path] | None, typer.Argument(help="The files to check.", metavar="FILE...")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of config.yml, for editors.")
    ] = False,
    unknown_metrics: UnknownMetricsOption = UnknownMetrics.WARN,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="N/COUNT",
            help="List the targets that this one of several daemons would watch, such as 2/5, instead of the "
            "configuration's shard.",
        ),
    ] = None,
) -> None:
    """Check configuration files, with the rule files and the alertmanager.yml that they name.

    What the daemon would run, and yet cannot be meant, is a warning.
    """
    from exporter.cli import checking

    if schema:
        checking.print_schema()
    elif files:
        checking.check_configs(files, unknown_metrics, shard)
    else:
        raise typer.BadParameter("name a file, or ask for the --schema")


@app.command("rules")
def check_rules(
    files: Files,
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A label that targets carry by your configuration; may be given several times.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config.yml whose targets, jobs and labels the rules are for.")
    ] = None,
    unknown_metrics: UnknownMetricsOption = UnknownMetrics.ERROR,
) -> None:
    """Check rule files: form, expressions, templates, and that something produces what they ask for."""
    from exporter.cli import checking

    checking.check_rule_files(files, label or (), config, unknown_metrics)


@app.command("alertmanager")
def check_alertmanager(files: Files) -> None:
    """Check alertmanager.yml files, with their templates."""
    from exporter.cli import checking

    checking.check_alertmanager_files(files)
