"""The report of a pass over the keyspace is plain data, for metrics, pages, the terminal and the state."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

OTHER: Final = "other"


@dataclass(slots=True)
class Spread:
    """A distribution: cumulative numbers of keys by upper bound (`le`, ending with `+Inf`), and the sum."""

    buckets: dict[str, int]
    sum: float

    @property
    def count(self) -> int:
        """How many keys it is about."""
        return self.buckets.get("+Inf", 0)


@dataclass(slots=True)
class KeyPatternReport:
    """The keys of one pattern in one database.

    An `…_error_ratio` is half the width of the 95 % interval in parts of the value: 0 where it is exact, None
    where that is not known. What is None itself was asked of no key. `queue` names the queue that the keys
    belong to.
    """

    database: str
    pattern: str
    keys: int
    keys_error_ratio: float | None
    memory_bytes: int | None
    memory_error_ratio: float | None
    mean_bytes: float | None
    max_bytes: int | None
    keys_without_ttl: int | None
    keys_without_ttl_error_ratio: float | None
    types: dict[str, int]
    ttl_seconds: Spread
    idle_seconds: Spread | None = None
    mean_length: float | None = None
    max_length: int | None = None
    keys_per_hour: float | None = None
    memory_bytes_per_hour: float | None = None
    queue: str = ""
    patterns: int = 1

    @property
    def without_ttl_ratio(self) -> float | None:
        """The share of keys that never expire."""
        if self.keys_without_ttl is None:
            return None
        return self.keys_without_ttl / self.keys if self.keys else 0.0


@dataclass(slots=True)
class TypeReport:
    """The keys of one type in one database; `big_keys`: strings over 1 MB, collections of over 1,000."""

    database: str
    type: str
    keys: int
    memory_bytes: int
    big_keys: int = 0
    encodings: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class BigKey:
    """One of the biggest keys of its type. `growing_passes`: for so many passes in a row it has grown."""

    database: str
    type: str
    key: str
    memory_bytes: int | None
    length: int | None
    growing_passes: int = 0


@dataclass(slots=True)
class DatabaseReport:
    """One database: `keys` were seen, `asked` of them asked about, DBSIZE said `size` at the end."""

    database: str
    keys: int
    size: int
    asked: int
    duplicates: int
    name_bytes: int
    memory_bytes: int | None
    memory_error_ratio: float | None
    ttl_seconds: Spread
    idle_seconds: Spread | None
    access_frequency: Spread | None


@dataclass(slots=True)
class PassReport:
    """One pass over all databases of a server. Times in epoch seconds.

    `complete`: every database was seen to its end. `exact`: every key was asked about. `accounted_ratio`:
    the memory of all keys in parts of used_memory_dataset, None where one of them is not known.
    `scanned_on`: the replica that was asked in the place of the server.
    """

    instance: str
    started_at: float
    finished_at: float
    duration_seconds: float
    complete: bool
    exact: bool
    databases: list[DatabaseReport]
    patterns: list[KeyPatternReport]
    types: list[TypeReport]
    biggest_keys: list[BigKey]
    memory_bytes: int | None
    memory_error_ratio: float | None
    accounted_ratio: float | None
    notes: list[str] = field(default_factory=list)
    scanned_on: str = ""

    @property
    def keys(self) -> int:
        """How many keys were seen."""
        return sum(database.keys for database in self.databases)

    def to_json(self) -> bytes:
        """As a document, for `from_json` and for everybody else."""
        return _DOCUMENT.dump_json(self)

    @classmethod
    def from_json(cls, document: bytes) -> "PassReport":
        """Raises `ValueError` where this is not what `to_json` has returned."""
        return _DOCUMENT.validate_json(document)


_DOCUMENT: Final = TypeAdapter(PassReport)
