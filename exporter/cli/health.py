"""`redis-vigil health SERVER`: one look at one server, with recommendations."""

from exporter.cli.access import Access, asks_a_server
from exporter.cli.formats import FormatOption, OutputFormat


@asks_a_server
def health(access: Access, output: FormatOption = OutputFormat.TABLE) -> None:
    """Look at a server for two seconds and say what is wrong, by the shipped rules.

    Rules that wait until something has lasted do not wait here. Those that need more than a look, because
    they compare minutes, are named as not checked.

    Exit status 1 where it is unhealthy: it does not answer, or something critical is found.
    """
    from exporter.cli.looking import look_at

    look_at(access, output)
