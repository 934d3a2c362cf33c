"""What the help of each command says, taken apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final, NamedTuple

import typer

from exporter.cli.commands import app

PROGRAM: Final = "redis-vigil"


class Record(NamedTuple):
    """An argument or an option: how it is written, such as `--format <table|json|csv>`, and what it does."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """The help of one command, or of the program itself, whose `words` are none.

    `paragraphs` are what it does, without line ends of their own but where lines are an example, which begin
    with a space. `is_group` where it only has commands below it.
    """

    words: tuple[str, ...]
    usage: str
    paragraphs: Sequence[str]
    arguments: Sequence[Record]
    options: Sequence[Record]
    is_group: bool

    @property
    def name(self) -> str:
        """As it is typed: `redis-vigil check config`."""
        return " ".join((PROGRAM, *self.words))


def all_commands() -> Sequence[CommandHelp]:
    """The program, and each of its commands in the order of the help, groups before what is in them."""
    command = typer.main.get_command(app)
    with command.make_context(PROGRAM, [], resilient_parsing=True) as context:
        return list(_walk(command, context, ()))


def _walk(command: Any, context: Any, words: tuple[str, ...]) -> Iterator[CommandHelp]:
    below = getattr(command, "commands", {})
    yield _help_of(command, context, words, is_group=bool(below))
    for name, inner in below.items():
        if inner.hidden:
            continue
        with inner.make_context(name, [], parent=context, resilient_parsing=True) as inner_context:
            yield from _walk(inner, inner_context, (*words, name))


def _help_of(command: Any, context: Any, words: tuple[str, ...], *, is_group: bool) -> CommandHelp:
    arguments: list[Record] = []
    options: list[Record] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            place = arguments if parameter.param_type_name == "argument" else options
            place.append(Record(*record))
    usage = " ".join(context.get_usage().removeprefix("Usage: ").split())
    return CommandHelp(words, usage, _paragraphs(command.help or ""), arguments, options, is_group)


def _paragraphs(text: str) -> Sequence[str]:
    """Paragraphs of a docstring; a lone backspace in one keeps its lines apart on a terminal."""
    found = []
    for paragraph in cleandoc(text).split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        is_example = lines[0].strip() == "\b" or all(line.startswith(" ") for line in lines)
        if is_example:
            found.append("\n".join(f" {line.strip()}" for line in lines if line.strip() != "\b"))
        elif paragraph.strip():
            found.append(" ".join(paragraph.split()))
    return found
