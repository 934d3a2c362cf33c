"""Variables in texts: `$NAME`, `${NAME}`, `${NAME:-default}`, and Kubernetes' `$(NAME)`.

One whose value is not known stays, as `${NAME}`.
"""

import re
from collections.abc import Mapping
from typing import Final

_BRACES: Final = r"\$\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[^}]*)|:?\?[^}]*)?\}"
# Compose writes $$ for a $, as Kubernetes does before a bracket.
COMPOSE: Final = re.compile(rf"\$(?P<dollar>\$)|{_BRACES}|\$(?P<bare>[A-Za-z_]\w*)", re.ASCII)
KUBERNETES: Final = re.compile(r"\$(?P<dollar>\$(?=\())|\$\((?P<braced>[A-Za-z_][\w.-]*)\)", re.ASCII)
SYSTEMD: Final = re.compile(r"\$(?P<dollar>\$)|\$\{(?P<braced>[A-Za-z_]\w*)\}", re.ASCII)
_UNKNOWN: Final = re.compile(r"\$\{([A-Za-z_][\w.-]*)\}|\$\(([A-Za-z_][\w.-]*)\)|\$([A-Za-z_]\w*)", re.ASCII)


def unknown(name: str) -> str:
    """How a value is written that is not known here."""
    return f"${{{name}}}"


def expand(text: str, values: Mapping[str, str], syntax: re.Pattern[str]) -> str:
    """A text with the values that are known put in."""

    def replace(match: re.Match[str]) -> str:
        groups = match.groupdict()
        if groups.get("dollar"):
            return "$"
        name = groups.get("braced") or groups["bare"]
        value = values.get(name)
        if value or (value is not None and groups.get("default") is None):
            return value
        default = groups.get("default")
        return unknown(name) if default is None else default

    return syntax.sub(replace, text)


def variable_in(text: str) -> str:
    """The name of the variable that is all of a text; empty where it is something else."""
    match = _UNKNOWN.fullmatch(text)
    return next(filter(None, match.groups())) if match else ""
