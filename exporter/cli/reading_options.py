"""Options of commands that read from a running daemon or its directory: from where, and from when to when."""

from pathlib import Path
from typing import Annotated

import typer

Since = Annotated[
    str,
    typer.Option(help="From when on: a duration ago (2h), epoch seconds, or RFC 3339.", show_default=False),
]
Until = Annotated[str, typer.Option(help="Until when, in the same ways.", show_default=False)]
Url = Annotated[str | None, typer.Option(help="A running daemon: http://user:password@host:9121.")]
User = Annotated[str | None, typer.Option(help="The user of the daemon's web-config.yml.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file that holds that user's password.")]
Authorities = Annotated[
    Path | None, typer.Option("--tls-ca", help="Authorities to trust, in PEM, instead of the system's.")
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")]
Directory = Annotated[
    Path | None, typer.Option(help="The directory of a daemon (storage.path), whether it runs or not.")
]
Configuration = Annotated[Path | None, typer.Option(help="The configuration that names this directory.")]
