"""`redis-vigil test rules`: runs unit tests of rules, in the format of `promtool test rules`."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.model.feature import Feature


def register(app: typer.Typer) -> None:
    """Add the command to the group `test`."""
    app.command("rules")(run_rule_tests)


def run_rule_tests(
    files: Annotated[list[Path], typer.Argument(help="The unit-test files.", metavar="FILE...")],
    features: Annotated[
        list[Feature] | None,
        typer.Option(
            "--enable-feature", metavar="NAME", help="As global.enable_features in the configuration."
        ),
    ] = None,
) -> None:
    """Run unit tests of rules; exit status 1 when one fails."""
    from exporter.cli.output import say
    from exporter.rules.unit_tests import report_test_files

    delayed = Feature.DELAYED_NAME_REMOVAL in (features or ())
    status = report_test_files(files, say, lambda line: say(line, err=True), delayed_name_removal=delayed)
    raise typer.Exit(status)
