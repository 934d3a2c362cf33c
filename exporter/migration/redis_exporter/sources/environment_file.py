"""Files of `NAME=value` lines, as systemd's EnvironmentFile and docker's `--env-file` have them."""

import re
from pathlib import Path
from typing import Final

from exporter.errors import UsageError

_ASSIGNMENT: Final = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_CONTINUED: Final = re.compile(r"\\\n")


def read_environment_file(path: Path) -> dict[str, str]:
    """The variables of a file; raises `UsageError` for a line that is none, and where it cannot be read."""
    values = {}
    for number, line in _lines(read_text(path)):
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise UsageError(f"{path}:{number}: is no NAME=value")
        values[match[1]] = unquote(match[2].strip())
    return values


def is_environment(text: str) -> bool:
    """Whether a text is of such lines alone."""
    lines = [line for _, line in _lines(text)]
    return bool(lines) and all(_ASSIGNMENT.fullmatch(line) for line in lines)


def read_text(path: Path) -> str:
    """The text of a file; raises `UsageError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except IsADirectoryError:
        raise UsageError(f"{path}: is a directory: name the file in it") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None


def unquote(text: str) -> str:
    """A value without the quotes around it; in double quotes a backslash keeps what follows."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r'\\([\\"$`])', r"\1", text[1:-1])
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that say something, with their numbers; those that end with a backslash go on."""
    found = []
    number = 1
    for line in re.split(r"(?<!\\)\n", text):
        stripped = _CONTINUED.sub("", line).strip()
        if stripped and stripped[0] not in "#;":
            found.append((number, stripped))
        number += line.count("\n") + 1
    return found
