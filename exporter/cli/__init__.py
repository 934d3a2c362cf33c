"""The command `redis-vigil`: one module per command."""

import sys
from typing import Annotated

import typer

import exporter
from exporter.cli import (
    check,
    dashboards,
    demo,
    health,
    queues,
    run,
    scan,
    slowlog,
    test_notify,
    test_route,
    test_rules,
)
from exporter.errors import ConfigError, UsageError, VigilError
from exporter.log import LEVELS, configure_logging

app = typer.Typer(
    name="redis-vigil",
    help="Watches Redis servers: Prometheus metrics, alert rules and notifications in one daemon.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("health")(health.health)
app.command("dashboards")(dashboards.dashboards)
app.command("queues")(queues.queues)
app.command("scan")(scan.scan)
app.command("slowlog")(slowlog.slowlog)
app.add_typer(check.app, name="check")
_tests = typer.Typer(help="Try rules, routes and receivers.", no_args_is_help=True, rich_markup_mode=None)
for command in (test_rules, test_route, test_notify):
    command.register(_tests)
app.add_typer(_tests, name="test")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"redis-vigil {exporter.__version__}")
        raise typer.Exit


def _check_level(level: str) -> str:
    if level.lower() not in LEVELS:
        raise typer.BadParameter(f"must be one of {', '.join(LEVELS)}")
    return level.lower()


@app.callback()
def configure(
    log_level: Annotated[
        str, typer.Option("--log.level", help="debug, info, warning or error.", callback=_check_level)
    ] = "info",
    log_json: Annotated[
        bool, typer.Option("--log.json", help="Log lines as JSON instead of logfmt.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Set up logging for whichever command follows."""
    configure_logging(log_level, as_json=log_json)


def main() -> None:
    """The entry point: exit status 0 good, 1 the thing checked is bad, 2 wrong usage; errors to stderr."""
    try:
        app()
    except UsageError as error:
        _fail(str(error), 2)
    except ConfigError as error:
        _fail(str(error), 1)
    except VigilError as error:
        _fail(f"redis-vigil: {error}", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, status: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(status)
