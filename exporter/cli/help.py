"""Writes the help of `redis-vigil` as typer prints it: `python -m exporter.cli.help`."""

from pathlib import Path

import typer

from exporter.cli import HELP_FILE
from exporter.cli.commands import app


def help_text() -> str:
    """The help on a terminal of 80 columns."""
    command = typer.main.get_command(app)
    with command.make_context("redis-vigil", [], resilient_parsing=True, terminal_width=78) as context:
        return f"{command.get_help(context)}\n"


if __name__ == "__main__":
    Path(HELP_FILE).write_text(help_text(), encoding="utf-8")
