"""Templates for the names of found servers: texts with `{placeholders}`."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def check_name_template(template: str, known: Iterable[str]) -> None:
    """Raises `ValueError` with a sentence for a template that asks for something else than these."""
    names: Collection[str] = list(dict.fromkeys(known))
    if "{" in (rest := _PLACEHOLDER.sub("", template)) or "}" in rest:
        raise ValueError(f'"{template}" has a brace without its other one')
    listed = ", ".join(f"{{{name}}}" for name in names)
    for name in _PLACEHOLDER.findall(template):
        if name not in names:
            raise ValueError(f'"{{{name}}}" is not known here: there are {listed}')


def expand_name(template: str, values: Mapping[str, str]) -> str:
    """The name of one server."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), template)
