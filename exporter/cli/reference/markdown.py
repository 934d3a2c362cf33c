"""docs/commands.md."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.cli.reference.command import PROGRAM, CommandHelp, Record

_HEAD: Final = """\
# Commands

Made from the help of the commands (`make docs`). Exit status 0 is good, 1 bad (what was checked, or a server
that does not answer), 2 wrong usage, 130 Ctrl-C, 141 that nobody reads the output any more (`| head`).
Errors are one line each on standard error; what a terminal's encoding does not have is written as `\\uXXXX`.
`redis-vigil --install-completion` teaches the shell to complete commands and options; a man page comes with
the wheel (`man redis-vigil`).
"""
# What would be taken for HTML: placeholders such as <path>.
_ANGLES: Final = re.compile(r"[<>]")


def markdown_page(commands: Sequence[CommandHelp]) -> str:
    """The document: an index, and a section for each command."""
    named = [command for command in commands if command.words]
    parts = [_HEAD, _index(named), *(_section(command) for command in commands)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _index(commands: Sequence[CommandHelp]) -> str:
    rows = [
        f"| [`{' '.join(one.words)}`](#{_anchor(one)}) | {_escaped(one.paragraphs[0])} |" for one in commands
    ]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def _anchor(command: CommandHelp) -> str:
    return command.name.replace(" ", "-")


def _section(command: CommandHelp) -> str:
    lines = [f"## {command.name}", "", "```", command.usage, "```", ""]
    for paragraph in command.paragraphs:
        lines += [*_paragraph(paragraph), ""]
    if not command.words:
        lines += ["Options of all commands, to be given before the command:", ""]
    return "\n".join([*lines, *_table("argument", command.arguments), *_table("option", command.options)])


def _paragraph(text: str) -> Iterator[str]:
    if not text.startswith(" "):
        yield _escaped(text)
        return
    yield "```console"
    yield from (
        f"$ {line.strip()}" if line.strip().startswith(PROGRAM) else line[1:] for line in text.split("\n")
    )
    yield "```"


def _table(head: str, records: Sequence[Record]) -> Iterator[str]:
    """Rows, without `--help`, which every command has."""
    rows = [one for one in records if "--help" not in one.name]
    if not rows:
        return
    yield f"| {head} | |"
    yield "|---|---|"
    yield from (f"| `{_in_cell(one.name)}` | {_in_cell(_escaped(one.text))} |" for one in rows)
    yield ""


def _escaped(text: str) -> str:
    return _ANGLES.sub(lambda found: "&lt;" if found[0] == "<" else "&gt;", " ".join(text.split()))


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")
