"""docs/commands.md and the man page: fresh, complete, and readable by what reads them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import exporter
from exporter.cli.reference import CommandHelp, Record, all_commands, man_page, markdown_page
from tests.peers import require_program

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture(scope="module")
def commands() -> Sequence[CommandHelp]:
    return all_commands()


def test_the_document_is_fresh(commands: Sequence[CommandHelp]) -> None:
    assert (ROOT / "docs" / "commands.md").read_text() == markdown_page(commands), "run `make docs`"


def test_the_man_page_is_fresh(commands: Sequence[CommandHelp]) -> None:
    text = (ROOT / "docs" / "redis-vigil.1").read_text()
    assert text == man_page(commands, exporter.__version__), "run `make docs`"


def test_each_command_and_option_says_what_it_is_for(commands: Sequence[CommandHelp]) -> None:
    assert {"run", "check config", "test route"} <= {" ".join(one.words) for one in commands}
    for command in commands:
        assert command.paragraphs, command.name
        assert command.paragraphs[0].endswith("."), command.name
        silent = [one.name for one in (*command.arguments, *command.options) if not one.text.strip()]
        assert silent == [], command.name


def test_what_would_be_markup_is_text() -> None:
    hostile = CommandHelp(
        ("odd",),
        "redis-vigil odd",
        ["Says <b> and a|b.", ".so it begins", " redis-vigil odd -x '.y'\n 'quoted"],
        [Record("A|B", "one <two>")],
        [],
        is_group=False,
    )
    program = CommandHelp((), "redis-vigil", ["Watches."], [], [], is_group=True)
    page = markdown_page([program, hostile])
    assert "Says &lt;b&gt; and a|b." in page
    assert "| `A\\|B` | one &lt;two&gt; |" in page
    assert "$ redis-vigil odd -x '.y'" in page
    assert r"\&.so it begins" in man_page([program, hostile], "1")


@pytest.mark.peers
def test_the_man_page_has_no_mistakes(commands: Sequence[CommandHelp]) -> None:
    groff = require_program("groff")
    page = man_page(commands, exporter.__version__)
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-P-cbou", "-ww"],
        input=page,
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    assert "check config" in done.stdout
