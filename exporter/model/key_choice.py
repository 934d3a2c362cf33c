"""Chooses keys of one database: one key, or all that match a pattern.

The notation is redis_exporter's: `db3=user:*` is in database 3, without `db3=` it is database 0.
"""

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote_plus

_DATABASE: Final = re.compile(r"(?:db)?(\d{1,5})=")
# What makes a name a pattern for SCAN: https://redis.io/docs/latest/commands/scan/#the-match-option
_GLOB: Final = re.compile(r"[?*\[\]^]")


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """Keys of one database: one of this name, or, if it `is_pattern`, all that match."""

    database: int
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `db3=name`; raises `ValueError` where no name is left."""
        match = _DATABASE.match(text)
        name = text[match.end() :] if match else text
        if not name.strip():
            raise ValueError(f'"{text}" names no key: write a key or a pattern, such as db0=user:*')
        return cls(int(match[1]) if match else 0, name)

    @property
    def is_pattern(self) -> bool:
        """Whether the name holds wildcards."""
        return _GLOB.search(self.name) is not None

    def __str__(self) -> str:
        return f"db{self.database}={self.name}"


def parse_choices(text: str) -> tuple[KeyChoice, ...]:
    """A list with commas in between; `%2C` stands for a comma in a name, as in redis_exporter's parameters.

    Raises `ValueError`.
    """
    parts = [part.strip() for part in text.split(",")]
    return tuple(KeyChoice.parse(unquote_plus(part)) for part in parts if part)
