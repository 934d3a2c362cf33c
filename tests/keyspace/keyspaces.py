"""Six keyspaces on which estimates are tried: names, and sizes of which a few decide."""

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

from exporter.keyspace.report import KeyPatternReport
from tests.keyspace.imaginary import Key

# Most values are small, one in fifty is large.
_SIZES: Final = (20, 60, 200, 900)
_LARGE: Final = 20_000
_LARGE_SHARE: Final = 0.02
_OVERHEAD: Final = 56

_COMPANIES: Final = ("north", "oak-hill", "river", "sun", "big-blue", "delta", "kappa", "old-town", "pine")
_ENDS: Final = ("", "-ltd", "-gmbh", "3", "-asia", "_dev", "-us-west", "-shop")
_WORDS: Final = (
    "spring",
    "blue",
    "coat",
    "wool",
    "light",
    "trail",
    "city",
    "bag",
    "soft",
    "green",
    "slim",
    "note",
)
_PEOPLE: Final = ("ada", "bo", "carl", "dora", "emil", "fay", "gus", "hana", "ivo", "jo")
_COUNTRIES: Final = ("DE", "FR", "IT", "ES", "AT", "CH")


@dataclass(frozen=True, slots=True)
class Family:
    """So many keys, named so; names may come twice."""

    keys: int
    name: Callable[[Random], str]


def _letters(random: Random, count: int, alphabet: str = string.ascii_lowercase) -> str:
    return "".join(random.choices(alphabet, k=count))


def _company(random: Random) -> str:
    return random.choice(_COMPANIES) + random.choice(_ENDS)


def _title(random: Random) -> str:
    return "-".join(random.choices(_WORDS, k=random.randint(2, 5)))


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


KEYSPACES: Final[Mapping[str, tuple[Family, ...]]] = {
    "tenants": (
        Family(1500, lambda r: f"tenant:{_company(r)}:user:{r.randrange(10**5)}:profile"),
        Family(1500, lambda r: f"{_company(r)}:cart:{_uuid(r)}"),
        Family(900, lambda r: f"{_company(r)}/flags/{r.randrange(10**4)}"),
        Family(900, lambda r: f"invite:{_letters(r, 7)}@example.org"),
    ),
    "titles": (
        Family(1500, lambda r: f"product:{_title(r)}"),
        Family(1500, lambda r: f"page:/blog/{_title(r)}"),
        Family(1500, lambda r: f"wp_:posts:{r.randrange(10**6)}"),
    ),
    "words at the root": (
        Family(1000, lambda r: f"UserProfile{r.randrange(10**5)}"),
        Family(1000, lambda r: f"u{r.randrange(10**5)}"),
        Family(1000, lambda r: f"user name {r.choice(_PEOPLE)} {r.randrange(10**5)}"),
        Family(1500, lambda r: f"sess_{_letters(r, 20, string.hexdigits[:16])}"),
    ),
    "many small patterns": (
        Family(200, lambda r: f"tax:{r.choice(_COUNTRIES)}:{r.choice(('low', 'full'))}"),
        Family(100, lambda r: f"text:{r.choice(('en', 'de', 'fr', 'pt-BR'))}:start"),
        Family(2000, lambda r: f"load:{r.choice('ab')}:node-{r.randrange(40)}:{r.randrange(10**4)}"),
        Family(500, lambda r: f"stats.{r.randrange(600)}.hits"),
        Family(500, lambda r: f"stats.{r.randrange(600)}.miss"),
        Family(1200, lambda r: f"geo:{_letters(r, 6, string.ascii_lowercase + string.digits)}:drivers"),
        Family(1000, lambda r: f"{{user:{r.randrange(10**5)}}}:cart"),
        Family(1000, lambda r: f"quote:{_letters(r, r.randint(3, 4), string.ascii_uppercase)}"),
    ),
    "people": (
        Family(2500, lambda r: f"session:{_uuid(r)}"),
        Family(1500, lambda r: f"doctor:{r.choice(_PEOPLE)} {r.choice(_PEOPLE)}:{r.choice('pq')}"),
        Family(1500, lambda r: f"visit:{r.choice(_PEOPLE)}:{r.randrange(10**5)}"),
    ),
    "words that come once": (
        Family(5000, lambda r: _letters(r, r.randint(5, 9))),
        Family(1000, lambda r: f"cart:{_uuid(r)}"),
    ),
}


def value_size(random: Random) -> int:
    """Of a value."""
    return random.choice(_SIZES) if random.random() >= _LARGE_SHARE else _LARGE


def make_keyspace(name: str, random: Random) -> dict[bytes, Key]:
    """One of the six: what a server would say of its keys, half of which have a TTL."""
    keys = {}
    for family in KEYSPACES[name]:
        for _ in range(family.keys):
            ttl = random.randint(10**6, 10**8) if random.random() < 0.5 else -1
            keys[family.name(random).encode()] = Key(b"string", ttl, _OVERHEAD + value_size(random))
    return keys


@dataclass(slots=True)
class Tally:
    """How often an estimate was tried, held the truth, was not known, and said to be exact but was not."""

    tried: int = 0
    held: int = 0
    unknown: int = 0
    false: int = 0

    def add(self, value: float | None, ratio: float | None, truth: float | None) -> None:
        """Judge one estimate; a byte, or a key, is for rounding."""
        if value is None or ratio is None or truth is None:
            self.unknown += 1
            return
        away = abs(value - truth)
        self.tried += 1
        self.held += away <= ratio * value + 1
        self.false += ratio == 0 and away > 1

    @property
    def coverage(self) -> float:
        """The share that held."""
        return self.held / self.tried if self.tried else 1.0


@dataclass(slots=True)
class Tallies:
    """Of a keyspace: patterns' memory and keys without TTL, and the memory of all."""

    memory: Tally
    untimed: Tally
    total: Tally

    @classmethod
    def empty(cls) -> "Tallies":
        return cls(Tally(), Tally(), Tally())

    def compare(self, sampled: Sequence[KeyPatternReport], exact: Sequence[KeyPatternReport]) -> None:
        """Judge the estimates of patterns that are the same in both."""
        truth = {(one.database, one.pattern): one for one in exact}
        for one in sampled:
            right = truth.get((one.database, one.pattern))
            if right is not None and right.keys == one.keys:
                self.memory.add(one.memory_bytes, one.memory_error_ratio, right.memory_bytes)
                self.untimed.add(
                    one.keys_without_ttl, one.keys_without_ttl_error_ratio, right.keys_without_ttl
                )
