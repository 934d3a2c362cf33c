"""docs/redis-vigil.1, which the wheel puts to where `man` looks. Source of the format: groff_man(7)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.cli.reference.command import PROGRAM, CommandHelp, Record

_FILES: Final = (
    Record("config.yml", "What is watched; docs/configuration.md has every key."),
    Record("alertmanager.yml", "Who is told of alerts: a file of Alertmanager, unchanged."),
)
_ENVIRONMENT: Final = (
    Record("REDIS_URL", "The server to watch where neither a configuration nor --redis names one."),
    Record("REDISCLI_AUTH", "The password for commands that look at one server."),
    Record("NO_COLOR", "Set to anything, output has no colours."),
)
_STATUS: Final = (
    Record("0", "All is well."),
    Record("1", "What was checked is bad, or a server does not answer."),
    Record("2", "Wrong usage."),
    Record("130", "Ctrl-C has ended the command."),
    Record("141", "Nobody reads the output any more, as with head."),
)
_PARAGRAPH: Final = ".PP"


def man_page(commands: Sequence[CommandHelp], version: str) -> str:
    """The page in the language of man(7)."""
    program, *others = commands
    lines = [
        f'.TH REDIS-VIGIL 1 "" "{PROGRAM} {version}" "User commands"',
        *_section("NAME", [rf"redis\-vigil \- {_text(_as_clause(program.paragraphs[0]))}"]),
        *_section("SYNOPSIS", [rf"\fB{_text(PROGRAM)}\fR [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]..."]),
        *_section("DESCRIPTION", [line for text in program.paragraphs for line in _paragraph(text)]),
        *_section("OPTIONS", _records(program.options)),
        ".SH COMMANDS",
        *(line for command in others for line in _command(command)),
        *_section("ENVIRONMENT", _records(_ENVIRONMENT)),
        *_section("FILES", _records(_FILES)),
        *_section("EXIT STATUS", _records(_STATUS)),
    ]
    return "\n".join(lines) + "\n"


def _as_clause(sentence: str) -> str:
    """What stands behind the name, where a capital letter and a full stop are not usual."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _section(name: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    yield f".SH {name}"
    yield from lines


def _command(command: CommandHelp) -> Iterator[str]:
    yield f".SS {_text(' '.join(command.words))}"
    for text in command.paragraphs:
        yield from _paragraph(text)
    if command.is_group:
        return
    yield _PARAGRAPH
    yield rf"\fB{_text(command.usage)}\fR"
    yield from _records([one for one in (*command.arguments, *command.options) if "--help" not in one.name])


def _paragraph(text: str) -> Iterator[str]:
    yield _PARAGRAPH
    if not text.startswith(" "):
        yield _line(text)
        return
    yield ".EX"
    yield from (_line(line) for line in text.split("\n"))
    yield ".EE"


def _records(records: Sequence[Record]) -> Iterator[str]:
    for one in records:
        yield ".TP"
        yield rf"\fB{_text(one.name)}\fR"
        yield _line(" ".join(one.text.split()) or "-")


def _line(text: str) -> str:
    r"""Text on a line of its own; one that begins with a dot or a quote would be taken for a request."""
    escaped = _text(text)
    return rf"\&{escaped}" if re.match(r"[.']", escaped) else escaped


def _text(text: str) -> str:
    r"""Text for roff: backslashes stand for themselves, and hyphens can be copied into a shell."""
    return text.replace("\\", r"\e").replace("-", r"\-")
