"""`redis-vigil slowlog SERVER`: the slow commands of one server, by pattern."""

from exporter.cli.access import Access, asks_a_server
from exporter.cli.formats import FormatOption, OutputFormat


@asks_a_server
def slowlog(access: Access, output: FormatOption = OutputFormat.TABLE) -> None:
    """Show what is in a server's slow log, by pattern: how often, how long, and who was last."""
    from exporter.cli.slowlog_reading import show_slowlog

    show_slowlog(access, output)
