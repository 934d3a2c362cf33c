"""All commands of `redis-vigil`, and what becomes of their errors.

What a command does stands in modules that it imports when it runs: the help of commands and the completion of
shells would take a second else.
"""

import re
import sys
from typing import Annotated, Any, Final

import typer

import exporter
from exporter.cli import (
    check,
    dashboards,
    demo,
    events,
    export,
    health,
    init,
    migrate,
    queues,
    rules,
    run,
    scan,
    slowlog,
    try_notify,
    try_route,
    try_rules,
)
from exporter.cli.standard_streams import (
    BROKEN_PIPE_STATUS,
    drop_output,
    flush_output,
    is_about_output,
    prepare_streams,
)
from exporter.errors import ConfigError, Reason, TargetError, UsageError, VigilError
from exporter.log import LEVELS, configure_logging
from exporter.model.printable import printable_lines

app = typer.Typer(
    name="redis-vigil",
    help="Watches Redis servers: Prometheus metrics, alert rules and notifications in one daemon.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("health")(health.health)
app.command("dashboards")(dashboards.dashboards)
app.command("export")(export.export)
app.command("rules")(rules.rules)
app.command("queues")(queues.queues)
app.command("scan")(scan.scan)
app.command("slowlog")(slowlog.slowlog)
app.command("events")(events.events)
app.add_typer(check.app, name="check")
app.add_typer(migrate.app, name="migrate")
_tests = typer.Typer(help="Try rules, routes and receivers.", no_args_is_help=True, rich_markup_mode=None)
for command in (try_rules, try_route, try_notify):
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


# ClickException, of whichever click it is that typer brings along.
_CLICK_ERROR: Final[type[Exception]] = typer.BadParameter.__mro__[2]
_PASSWORDS: Final = " Name its password by --password-file, REDISCLI_AUTH or --config."
_CREDENTIALS: Final = re.compile(r"://[^/\s]*@")


def main() -> None:
    """Run a command; the exit status is 0 good, 1 the thing checked is bad, 2 wrong usage.

    Errors go to stderr, each in one line: with the place in a file where there is one, else after the name
    of the program. Where nobody reads the output, the status is that of a program which SIGPIPE has ended.
    """
    try:
        prepare_streams()
        status = app(prog_name="redis-vigil", standalone_mode=False)
        flush_output()
        sys.exit(status)
    except SystemExit as exit_:
        if isinstance(exit_.__context__, BrokenPipeError):
            # click has noticed it, and makes it 1, which means something else here.
            sys.exit(BROKEN_PIPE_STATUS)
        raise
    except BrokenPipeError:
        drop_output()
        sys.exit(BROKEN_PIPE_STATUS)
    except OSError as error:
        if not is_about_output(error):
            raise
        drop_output()
        _fail(f"redis-vigil: the output cannot be written: {error.strerror}", 1)
    except UsageError as error:
        _fail(f"redis-vigil: {error}", 2)
    except ConfigError as error:
        _fail(str(error), 1)
    except TargetError as error:
        way_out = _PASSWORDS if error.reason is Reason.PASSWORD_REQUIRED else ""
        _fail(f"redis-vigil: {error}{way_out}", 1)
    except VigilError as error:
        _fail(f"redis-vigil: {error}", 1)
    except _CLICK_ERROR as error:
        _refuse(error)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)


def _refuse(error: Any) -> None:
    """Print an error of click about the command line, and exit."""
    if "\n" in error.format_message():
        # Nothing was given at all: that is answered by the help.
        error.show()
        sys.exit(error.exit_code)
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    path = error.ctx.command_path if getattr(error, "ctx", None) else "redis-vigil"
    _fail(f"redis-vigil: {_CREDENTIALS.sub('://<secret>@', message)}; see {path} --help", error.exit_code)


def _fail(message: str, status: int) -> None:
    print(printable_lines(message), file=sys.stderr)
    sys.exit(status)
