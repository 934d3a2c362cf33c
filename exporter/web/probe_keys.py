"""The keys that requests to `/scrape` and `/probe` name: read, and compared with what may be asked for.

The daemon's user on a server may often read every key; whoever reaches the daemon's port shall not thereby.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from exporter.config.samplers.keys import KeysSection, StreamsSection
from exporter.model.key_choice import KeyChoice, parse_choices
from exporter.model.key_pattern import includes_pattern, matches_key
from exporter.model.printable import printable

_MAX_CHOICES: Final = 100


class RefusedKeysError(Exception):
    """Keys that are not asked for: the HTTP status and what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class AllowedKeys:
    """The keys that may be named: those of `choices`, and single ones whatever signs their names hold."""

    choices: Sequence[KeyChoice]
    single: Sequence[KeyChoice] = ()

    @classmethod
    def of(
        cls,
        allow: Sequence[KeyChoice],
        section: KeysSection | StreamsSection | None,
        *,
        counted: bool = False,
    ) -> Self:
        """Return the keys that `web.probe_keys` and a server's configuration name.

        `counted`: only their number is asked for.
        """
        if section is None:
            return cls(tuple(allow))
        own = section.count if counted and isinstance(section, KeysSection) else ()
        return cls((*allow, *section.check, *own), section.check_single)

    def include(self, choice: KeyChoice, *, is_single: bool) -> bool:
        """Whether this key, or everything that is meant by this pattern, is among them."""
        choices = [one for one in self.choices if one.database == choice.database]
        if choice.is_pattern and not is_single:
            return any(includes_pattern(one.name, choice.name) for one in choices)
        return choice in self.single or any(_means(one, choice.name) for one in choices)


def _means(choice: KeyChoice, name: str) -> bool:
    return matches_key(choice.name, name) if choice.is_pattern else choice.name == name


def asked_keys(parameters: Mapping[str, str], name: str, allowed: AllowedKeys) -> tuple[KeyChoice, ...]:
    """The keys that a parameter of a request names; raises `RefusedKeysError`."""
    try:
        choices = parse_choices(parameters.get(name, ""))
    except ValueError as error:
        raise RefusedKeysError(400, f"Invalid '{name}' parameter: {printable(str(error))}") from None
    if len(choices) > _MAX_CHOICES:
        raise RefusedKeysError(400, f"Invalid '{name}' parameter: more than {_MAX_CHOICES} keys")
    is_single = "single" in name
    for choice in choices:
        if not allowed.include(choice, is_single=is_single):
            raise RefusedKeysError(403, _not_allowed(name, choice))
    return choices


def _not_allowed(name: str, choice: KeyChoice) -> str:
    sampler = "streams" if name.endswith("streams") else "keys"
    return (
        f"'{name}' names {printable(str(choice))}, which is neither in web.probe_keys nor under "
        f"samplers.{sampler} of this target"
    )
