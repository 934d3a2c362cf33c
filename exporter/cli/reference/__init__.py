"""The commands of `redis-vigil` as a document and as a man page, made from what `--help` says."""

from exporter.cli.reference.command import CommandHelp, Record, all_commands
from exporter.cli.reference.man import man_page
from exporter.cli.reference.markdown import markdown_page

__all__ = ["CommandHelp", "Record", "all_commands", "man_page", "markdown_page"]
