"""`redis-vigil slowlog SERVER`: the slow commands of one server, by pattern."""

from functools import partial
from typing import Annotated

import typer

from exporter.cli import reading_options as options
from exporter.cli.access import Access, asks_a_server
from exporter.cli.formats import FormatOption, OutputFormat


@partial(asks_a_server, is_optional=True)
def slowlog(
    access: Access,
    since: options.Since = "",
    until: options.Until = "",
    url: options.Url = None,
    path: options.Directory = None,
    pattern: Annotated[str, typer.Option(help="Only patterns that contain this.", show_default=False)] = "",
    output: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show what is in a server's slow log, by pattern: how often, how long, and who was last.

    With --since or --until it is what a daemon has kept, also of what the server has long dropped: read from
    the daemon (--url), or from its directory (--path, --config). SERVER is then a target's name or URL, or
    left out.
    """
    if since or until or url or path:
        from exporter.cli.slowlog_past import show_past

        show_past(access, since=since, until=until, url=url, path=path, pattern=pattern, output=output)
        return
    if not access.server:
        raise typer.BadParameter(
            "name a server, or a time with --since, and --url, --path or --config to read it from"
        )
    from exporter.cli.slowlog_reading import show_slowlog

    show_slowlog(access, output, pattern)
