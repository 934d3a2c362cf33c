"""docs/migrating.md: its examples do what they say.

A comment before a block says what it is: a file, a command that is run on it, or a file that it has written.
`REDIS_VIGIL_WRITE_GOLDEN=1` writes the latter two anew.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from tests.cli.in_process import run_command

PAGE = Path(__file__).parents[2] / "docs/migrating.md"
SECTION = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"<!-- (?P<what>[^>]*) -->\n```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL)


def play(section: str, directory: Path) -> str:
    """The section as it is when its files are written and its command is run in this directory."""

    def replaced(match: "re.Match[str]") -> str:
        return f"<!-- {match['what']} -->\n```{match['kind']}\n{block(match['what'], match['text'])}```\n"

    def block(what: str, text: str) -> str:
        verb, _, rest = what.partition(" ")
        if verb == "run":
            done = run_command(directory, "migrate", *rest.split(), environment={"REGION": "eu-1"})
            assert (done.returncode, done.stderr) == (0, "")
            return f"$ redis-vigil migrate {rest}\n{told(done.stdout)}"
        if verb == "shows":
            return told((directory / rest).read_text())
        path = directory / what
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return text

    def told(text: str) -> str:
        return text.replace(str(directory), "/etc/prometheus")

    return BLOCK.sub(replaced, section)


def test_the_examples_of_the_page_are_what_the_commands_do(tmp_path: Path) -> None:
    page = PAGE.read_text()
    directories = iter(tmp_path / str(number) for number in range(100))

    def in_a_directory(play: Callable[[str, Path], str], section: str) -> str:
        directory = next(directories)
        directory.mkdir()
        return play(section, directory)

    played = SECTION.sub(lambda match: in_a_directory(play, match[0]), page)
    if os.environ.get("REDIS_VIGIL_WRITE_GOLDEN"):
        PAGE.write_text(played)
    assert played == page
    assert page.count("$ redis-vigil migrate") == 4
