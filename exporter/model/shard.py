"""One of several daemons that share the servers among themselves."""

import re
from dataclasses import dataclass
from typing import Final

from exporter.model.hashmod import hashmod

_FORM: Final = re.compile(r"(\d{1,4})\s*/\s*(\d{1,4})", re.ASCII)
_EXAMPLE: Final = "write 2/5 for the second of five"


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th, counted from 1, of `count` daemons."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, key: str) -> bool:
        """Whether what has this key is in this shard: in exactly one of all that have the same count."""
        return self.number_of(key) == self.number

    def number_of(self, key: str) -> int:
        """The number of the shard that holds a key, from 1."""
        return hashmod(key, self.count) + 1


def parse_shard(text: str) -> Shard:
    """Read `2/5`; raises `ValueError` with a sentence that says what to write."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no shard: {_EXAMPLE}')
    number, count = int(match[1]), int(match[2])
    if not 1 <= number <= count:
        raise ValueError(f"{text} is no shard, as these are counted from 1 to their count: {_EXAMPLE}")
    return Shard(number, count)
