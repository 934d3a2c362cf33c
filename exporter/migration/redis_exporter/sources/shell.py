"""Programs before redis_exporter: shells that run a script (`sh -c '…; redis_exporter …'`), and inits."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.errors import UsageError
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.words import split
from exporter.migration.redis_exporter.substitutions import as_words, file_of, is_open
from exporter.migration.redis_exporter.variables import COMPOSE, expand

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
_SEPARATORS: Final = re.compile(r"\n|;|&&|\|\|?")
_BEFORE_A_PROGRAM: Final = re.compile(r"exec|then|else|do|nohup|[A-Za-z_]\w*=\S*", re.ASCII)
_SET: Final = re.compile(r"(?:^|[\s;&])([A-Za-z_]\w*)=", re.ASCII)
_SET_BY_FILE: Final = re.compile(r"(?:^|[\s;&])(REDIS_\w+)=(\"?)(\$\(<[^)]*\))\2(?=[\s;&]|$)", re.ASCII)
_REDIRECTION: Final = re.compile(r"\d*[<>]|&")


def without_shell(
    words: Sequence[str], values: Mapping[str, str], origin: str, remarks: list[str]
) -> tuple[list[str], Mapping[str, str]]:
    """The words of a command, or where a shell runs a script, those of the redis_exporter that it starts.

    Besides, the variables that the script reads from files; others that it sets are told of. Raises
    `UsageError` for a script that is not understood.
    """
    if not words or os.path.basename(words[0]) not in _SHELLS:
        return list(words), {}
    option = next((at for at, word in enumerate(words) if re.fullmatch(r"-\w*c", word)), len(words))
    script = as_words("".join(words[option + 1 : option + 2]).replace("\\\n", " "))
    starts = [one for one in map(_from_program, _SEPARATORS.split(script)) if one]
    # What a shell would put in is known only where it is a variable; in single quotes it is none.
    if len(starts) != 1 or is_open(starts[0]) or re.search(r"'[^']*\$", starts[0]):
        raise UsageError(
            f"{origin}: {words[0]} starts redis_exporter by a script that is not understood here: give the "
            "flags after --, and the variables by --env-file"
        )
    before = script.replace(starts[0], "")
    read = {name: value for name, _, value in _SET_BY_FILE.findall(before) if file_of(value)}
    if names := sorted(set(_SET.findall(before)) - read.keys()):
        remarks.append(
            f"the script of {words[0]} sets {', '.join(names)}: that is not taken over; give it by "
            "--env-file, or write the password_file that a password comes from"
        )
    found = split(starts[0], origin)
    end = next((at for at, word in enumerate(found) if _REDIRECTION.match(word)), len(found))
    return [expand(word, values, COMPOSE) for word in found[:end]], read


def _from_program(command: str) -> str:
    """A command of a script from its redis_exporter on; empty where it starts none."""
    rest = command.strip()
    while match := re.match(rf"(?:{_BEFORE_A_PROGRAM.pattern})\s+", rest, re.ASCII):
        rest = rest[match.end() :]
    return rest if rest and is_exporter(rest.split()[0]) else ""


def after_program(words: Sequence[str]) -> list[str]:
    """The arguments of redis_exporter, which an init may start (`tini -- redis_exporter …`)."""
    for at, word in enumerate(words):
        if word.startswith("-") and len(word) > 2:
            break
        if is_exporter(word):
            return list(words[at + 1 :])
    rest = list(words)
    while rest and not rest[0].startswith("-"):
        rest.pop(0)
    return rest
