"""The command `redis-vigil`: one module per command, which says what can be given to it.

What a command does stands in other modules, which it imports when it runs. `--version` and `--help` need none
of that, nor what other modules import as a matter of course (typing, pathlib): each costs milliseconds.
"""

import os
import sys

import exporter

HELP_FILE = os.path.join(os.path.dirname(__file__), "help.txt")
"""What typer prints for `redis-vigil --help`; written by `python -m exporter.cli.help`."""

# As wide as a terminal has to be for that: where it is narrower, typer wraps the lines.
_HELP_COLUMNS = 80
_COMPLETION_VARIABLE = "_REDIS_VIGIL_COMPLETE"


def main() -> None:
    """Run the command line; exits with status 0 good, 1 the thing checked is bad, 2 wrong usage."""
    answer = quick_answer(sys.argv[1:], dict(os.environ))
    if answer is not None and sys.stdout is not None:
        try:
            sys.stdout.write(answer)
            sys.stdout.flush()
            return
        except (OSError, UnicodeError):
            # Whoever answers then knows what to do.
            pass
    from exporter.cli.commands import main as run

    run()


def quick_answer(arguments: list[str], environment: dict[str, str]) -> str | None:
    """Return the answer to `--version` or `--help` alone; None where typer has to be asked."""
    if _COMPLETION_VARIABLE in environment:
        return None
    if arguments == ["--version"]:
        return f"redis-vigil {exporter.__version__}\n"
    if arguments in (["--help"], ["-h"]) and _columns(environment) >= _HELP_COLUMNS:
        with open(HELP_FILE, encoding="utf-8") as file:
            return file.read()
    return None


def _columns(environment: dict[str, str]) -> int:
    """The width of the terminal, as `shutil.get_terminal_size` finds it, whose import takes longer."""
    columns = environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else _HELP_COLUMNS
    except (OSError, ValueError):
        return _HELP_COLUMNS
