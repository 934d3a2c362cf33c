"""Facts describe the keys of one group beyond their names."""

from collections.abc import Sequence
from typing import Any, Final

from exporter.keyspace.distribution import FREQUENCY_BOUNDS, Distribution
from exporter.keyspace.estimation import Moments

# PTTL's answer for a key that never expires.
NO_TTL: Final = -1


class KeyFacts:
    """Sums over the keys of a group that were asked about.

    `types` holds (weight, memory) by type, `encodings` weights by (type, encoding). `idle`, `frequency`,
    `encodings` and `lengths` come from a part of the sample, with weights of their own.
    """

    __slots__ = ("encodings", "frequency", "idle", "lengths", "memory", "ttl", "types", "untimed")

    def __init__(self) -> None:
        self.memory = Moments()
        self.untimed = Moments()
        self.types: dict[str, list[float]] = {}
        self.ttl = Distribution()
        self.idle: Distribution | None = None
        self.frequency: Distribution | None = None
        self.encodings: dict[tuple[str, str], float] = {}
        self.lengths: Moments | None = None

    def add(
        self,
        kind: str,
        ttls: Sequence[int],
        memory: Sequence[int],
        weight: float,
        *,
        census: bool = False,
        apart: bool = False,
    ) -> None:
        """Keys of one type: TTLs in milliseconds (-1: none), memory in bytes; either may not be known.

        `census`: every key is asked about; `apart`: these because they are known to be big.
        """
        entry = self.types.setdefault(kind, [0.0, 0.0])
        entry[0] += weight * max(len(ttls), len(memory))
        if memory:
            self.memory.add(memory, weight, census=census, apart=apart)
            entry[1] += weight * sum(memory)
        if ttls:
            untimed = ttls.count(NO_TTL)
            self.untimed.add_share(untimed, len(ttls), weight, apart=apart)
            if untimed < len(ttls):
                self.ttl.add([ttl / 1000 for ttl in ttls if ttl >= 0], weight)

    def add_idle(self, seconds: float, weight: float) -> None:
        """How long one key has not been used."""
        if self.idle is None:
            self.idle = Distribution()
        self.idle.add((seconds,), weight)

    def add_frequency(self, counter: float, weight: float) -> None:
        """The LFU counter of one key."""
        if self.frequency is None:
            self.frequency = Distribution(FREQUENCY_BOUNDS)
        self.frequency.add((counter,), weight)

    def add_encoding(self, kind: str, encoding: str, weight: float) -> None:
        """How one key is stored."""
        key = (kind, encoding)
        self.encodings[key] = self.encodings.get(key, 0.0) + weight

    def add_length(self, length: int, weight: float) -> None:
        """How many elements, or bytes of a string, one key holds."""
        if self.lengths is None:
            self.lengths = Moments()
        self.lengths.add((length,), weight)

    def absorb(self, other: "KeyFacts | None", mine: int, theirs: int) -> None:
        """Another group has become part of this one; `mine` and `theirs` are their numbers of keys."""
        other = other or KeyFacts()
        self.memory.merge(other.memory, mine, theirs)
        self.untimed.merge(other.untimed, mine, theirs)
        self.ttl.merge(other.ttl)
        for kind, (weight, memory) in other.types.items():
            entry = self.types.setdefault(kind, [0.0, 0.0])
            entry[0] += weight
            entry[1] += memory
        for key, weight in other.encodings.items():
            self.encodings[key] = self.encodings.get(key, 0.0) + weight
        self.idle = _merged(self.idle, other.idle)
        self.frequency = _merged(self.frequency, other.frequency)
        if self.lengths is None:
            self.lengths = other.lengths
        elif other.lengths is not None:
            self.lengths.merge(other.lengths, mine, theirs)

    def to_json(self) -> dict[str, Any]:
        """For `from_json`."""
        saved: dict[str, Any] = {
            "memory": self.memory.to_list(),
            "untimed": self.untimed.to_list(),
            "types": self.types,
            "ttl": self.ttl.to_list(),
        }
        if self.encodings:
            saved["encodings"] = [[*key, weight] for key, weight in self.encodings.items()]
        for name in ("idle", "frequency", "lengths"):
            part = getattr(self, name)
            if part is not None:
                saved[name] = part.to_list()
        return saved

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "KeyFacts":
        """Raises `KeyError`, `TypeError` or `ValueError` where this is not what `to_json` has returned."""
        facts = cls()
        facts.memory = Moments.from_list(saved["memory"])
        facts.untimed = Moments.from_list(saved["untimed"])
        facts.types = {
            kind: [float(weight), float(memory)] for kind, (weight, memory) in saved["types"].items()
        }
        facts.ttl = Distribution.from_list(saved["ttl"])
        facts.encodings = {
            (kind, encoding): float(weight) for kind, encoding, weight in saved.get("encodings", ())
        }
        if "idle" in saved:
            facts.idle = Distribution.from_list(saved["idle"])
        if "frequency" in saved:
            facts.frequency = Distribution.from_list(saved["frequency"], FREQUENCY_BOUNDS)
        if "lengths" in saved:
            facts.lengths = Moments.from_list(saved["lengths"])
        return facts


def _merged(mine: Distribution | None, theirs: Distribution | None) -> Distribution | None:
    if mine is None or theirs is None:
        return mine or theirs
    mine.merge(theirs)
    return mine
