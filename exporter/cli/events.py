"""`redis-vigil events`: what happened, from a running daemon or its directory."""

from typing import Annotated

import typer

from exporter.cli import reading_options as options
from exporter.cli.formats import FormatOption, OutputFormat


def events(
    url: options.Url = None,
    user: options.User = None,
    password_file: options.PasswordFile = None,
    tls_ca: options.Authorities = None,
    insecure: options.Insecure = False,
    path: options.Directory = None,
    config: options.Configuration = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind, such as failover; may be given several times.")
    ] = None,
    instance: Annotated[
        list[str] | None,
        typer.Option(help="Only this server, by its name or URL; may be given several times."),
    ] = None,
    since: options.Since = "",
    until: options.Until = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    output: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what happened to servers and to the daemon, the newest first."""
    from exporter.cli.daemon_access import DaemonAccess
    from exporter.cli.event_reading import show_events
    from exporter.cli.event_source import Filters, open_source
    from exporter.cli.instance_names import names_of

    source = open_source(DaemonAccess(url, user, password_file, tls_ca, insecure), path, config)
    filters = Filters(names_of(source, instance or ()), kind or (), since, until)
    show_events(source, filters, limit, output, is_followed=follow)
