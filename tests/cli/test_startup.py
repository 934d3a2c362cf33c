"""`--version` and `--help` import nothing that commands need, and say what typer would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import exporter
from exporter.cli import HELP_FILE, quick_answer
from exporter.cli.help import help_text

# typer looks whether there is pydantic.
LIBRARIES = {"starlette", "httpx", "redis", "yaml", "jinja2", "prometheus_client", "uvicorn", "apscheduler"}
# Each costs a good part of what Python's own start does.
HEAVY = LIBRARIES | {"typer", "click", "rich", "pydantic", "asyncio", "inspect", "email"}
HEAVY |= {"importlib.metadata", "typing", "pathlib", "re"}


def run(*arguments: str, columns: str = "") -> tuple[str, set[str]]:
    """What a command line prints, and the modules that it has imported, but for those of Python's start."""
    program = (
        "import sys; before = set(sys.modules); "
        f"sys.argv = ['redis-vigil', *{arguments!r}]; from exporter.cli import main\n"
        "try:\n main()\n"
        "except SystemExit: pass\n"
        "print(*(set(sys.modules) - before), file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment | ({"COLUMNS": columns} if columns else {}),
        check=True,
    )
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("argument", ["--version", "--help", "-h"])
def test_the_version_and_the_help_import_next_to_nothing(argument: str) -> None:
    text, modules = run(argument)
    assert text
    assert not HEAVY & modules
    assert len(modules) < 10, sorted(modules)


@pytest.mark.parametrize("command", [["run"], ["scan"], ["check", "rules"], ["test", "notify"]])
def test_the_help_of_a_command_imports_no_library_that_it_runs_with(command: list[str]) -> None:
    text, modules = run(*command, "--help")
    assert "Usage: redis-vigil" in text
    assert not LIBRARIES & modules


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version")[0] == f"redis-vigil {exporter.__version__}\n"


def test_the_shipped_help_is_that_of_typer() -> None:
    assert help_text() == Path(HELP_FILE).read_text(), "run: python -m exporter.cli.help"
    assert run("--help")[0] == Path(HELP_FILE).read_text()


def test_a_narrow_terminal_has_its_help_wrapped() -> None:
    text, modules = run("--help", columns="60")
    assert "typer" in modules
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize(
    "arguments", [[], ["--version", "run"], ["run", "--help"], ["--log.level", "debug", "--help"], ["--hepl"]]
)
def test_all_else_is_left_to_typer(arguments: list[str]) -> None:
    assert quick_answer(arguments, {}) is None


def test_completion_is_left_to_typer() -> None:
    assert quick_answer(["--help"], {"_REDIS_VIGIL_COMPLETE": "complete_bash"}) is None
