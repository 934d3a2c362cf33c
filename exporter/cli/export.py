"""`redis-vigil export`: samples as text, for another database."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
    url: Annotated[
        str | None, typer.Option(help="The running daemon to read from: http://host:9121.", metavar="URL")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The user to log in as there.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="A file that holds that user's password.")
    ] = None,
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", help="Authorities to trust, in PEM, instead of the system's.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
) -> None:
    """Write samples as text, which `promtool tsdb create-blocks-from openmetrics` makes blocks of.

    The timestamps are those of the samples; markers that end series are left out.
    """
    from exporter.cli.daemon_access import DaemonAccess
    from exporter.cli.exporting import Wanted, export_samples

    access = DaemonAccess(url, user, password_file, tls_ca, insecure)
    export_samples(access, Wanted(since, until, match or ()), form.value, output)
