"""`read_toml`: a telegraf.conf as data, with variables put in where they stand without quotes."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from exporter.errors import ConfigError, Problem
from exporter.migration.variables import UnsetVariableError, expand

# A number or a truth value, which Telegraf puts in before it reads the file.
_BARE: Final = re.compile(r"(\s*[\w\"'-]+\s*=\s*)(\$(?:\{[^}]*\}|\w+))(\s*(?:#.*)?)")
_POSITION: Final = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)")


def read_toml(text: str, name: str, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The data of the file; raises `ConfigError` with the place of what is no TOML."""
    lines = text.removeprefix("\ufeff").splitlines()
    for index, line in enumerate(lines):
        if match := _BARE.fullmatch(line):
            try:
                lines[index] = match[1] + expand(match[2], environment) + match[3]
            except UnsetVariableError as error:
                raise ConfigError([Problem((), str(error), file=name, line=index + 1, column=1)]) from None
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.fullmatch(str(error))
        line, column = found.group(2, 3) if found else ("", "")
        is_other = found is not None and found[2] == "1"
        message = f"not valid TOML: {(found[1] if found else str(error)).lower()}"
        message += ": is it a telegraf.conf?" if is_other else ""
        problem = Problem((), message, False, name, int(line or len(lines)), int(column or 1))
        raise ConfigError([problem]) from None
