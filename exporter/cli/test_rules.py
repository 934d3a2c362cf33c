"""`redis-vigil test rules`: runs unit tests of rules, in the format of `promtool test rules`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("rules")(run_rule_tests)


def run_rule_tests(
    files: Annotated[list[Path], typer.Argument(help="The unit-test files.", metavar="FILE...")],
) -> None:
    """Run unit tests of rules; exit status 1 when one fails."""
    from exporter.cli.output import say
    from exporter.rules.unit_tests import report_test_files

    status = report_test_files(files, say, lambda line: say(line, err=True))
    raise typer.Exit(status)
