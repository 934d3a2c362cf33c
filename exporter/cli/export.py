"""`redis-vigil export`: samples as text, for another database."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from exporter.cli import reading_options as options


class ExportFormat(StrEnum):
    """OpenMetrics with timestamps, JSON lines as VictoriaMetrics imports them, or lines of CSV."""

    OPENMETRICS = "openmetrics"
    JSON = "json"
    CSV = "csv"


def export(
    since: Annotated[
        str,
        typer.Option(help="From when on: so long ago (2h, 30d), or a moment (RFC 3339, or epoch seconds)."),
    ],
    until: Annotated[
        str, typer.Option(help="Up to when, in the same form; now where it is not given.")
    ] = "0s",
    match: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SELECTOR", help="A selector of series; may be given several times. Without, all."
        ),
    ] = None,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="How to write it.")
    ] = ExportFormat.OPENMETRICS,
    output: Annotated[
        Path | None, typer.Option(help="The file to write; standard output where it is not given.")
    ] = None,
    url: options.Url = None,
    user: options.User = None,
    password_file: options.PasswordFile = None,
    tls_ca: options.Authorities = None,
    insecure: options.Insecure = False,
    path: options.Directory = None,
    config: options.Configuration = None,
) -> None:
    """Write samples as text, which `promtool tsdb create-blocks-from openmetrics` makes blocks of.

    The timestamps are those of the samples; markers that end series are left out.
    """
    from exporter.cli.daemon_access import DaemonAccess
    from exporter.cli.exporting import Place, Wanted, export_samples

    place = Place(DaemonAccess(url, user, password_file, tls_ca, insecure), path, config)
    export_samples(place, Wanted(since, until, match or ()), form.value, output)
