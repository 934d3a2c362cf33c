"""Environment variables in Telegraf's files: `$NAME`, `${NAME}`, `${NAME:-default}`, and `$$` for a dollar.

Source: docs/CONFIGURATION.md and config/envvar.go of github.com/influxdata/telegraf. It leaves what is not
set as it stands, which in a password is right (`pa$word`), and anywhere else a mistake.
"""

import re
from collections.abc import Mapping
from typing import Final

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)(?:(?P<operator>:?[-?])(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))",
    re.ASCII,
)


class UnsetVariableError(ValueError):
    """A variable without a default is not set here; `name` is its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"holds ${{{name}}}, which is not set here: set it and run this again")


def expand(text: str, environment: Mapping[str, str], *, keeps_bare: bool = False) -> str:
    """The text with the values of its variables; raises `UnsetVariableError`.

    `keeps_bare`: a dollar sign before a name that nobody has set is part of the text.
    """

    def value_of(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if match["bare"] and keeps_bare and match["bare"] not in environment:
            return match[0]
        return _value(match, environment)

    return _VARIABLE.sub(value_of, text)


def variable_in(text: str) -> str:
    """The name of the variable that is all of a text, without a default; empty where it is something else.

    A name without braces is one if it is in capitals: else it may be a password.
    """
    match = _VARIABLE.fullmatch(text)
    if match is None or match["operator"]:
        return ""
    bare = match["bare"] or ""
    return match["braced"] or (bare if bare.isupper() else "")


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    name, operator = match["braced"] or match["bare"], match["operator"] or ""
    value = environment.get(name)
    is_missing = value is None or (not value and operator.startswith(":"))
    if not is_missing and value is not None:
        return value
    if operator.endswith("-"):
        return str(match["default"])
    raise UnsetVariableError(name)
