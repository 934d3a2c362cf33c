"""Environment variables in files of other programs: `${NAME}`, `${NAME:-default}`, as a shell has them."""

import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


class UnsetVariableError(ValueError):
    """A variable without a default is not set here; `name` is its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"holds ${{{name}}}, which is not set here: set it and run this again")


def expand(text: str, environment: Mapping[str, str]) -> str:
    """The text with the values of its variables; raises `UnsetVariableError`."""
    return VARIABLE.sub(lambda match: _value(match, environment), text)


def _value(match: "re.Match[str]", environment: Mapping[str, str]) -> str:
    name, operator, default = match.groups()
    value = environment.get(name)
    is_missing = value is None or (not value and (operator or "").startswith(":"))
    if not is_missing and value is not None:
        return value
    if operator and operator.endswith("-"):
        return str(default)
    raise UnsetVariableError(name)
