"""Label sets: the identity of a series or an alert."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeVar

from exporter.model.fnv import fnv1a_64
from exporter.model.interning import Interner

METRIC_NAME: Final = "__name__"


class Labels:
    """An immutable set of label pairs, sorted by name; an empty value is the same as a missing label.

    `pairs` is a sorted tuple of (name, value).
    """

    __slots__ = ("_fingerprint", "_hash", "_map", "pairs")

    pairs: tuple[tuple[str, str], ...]
    # Made when a label is first asked for by name: of most series that never happens.
    _map: dict[str, str] | None
    _hash: int
    _fingerprint: int | None

    def __init__(self, source: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = sorted(source.items() if isinstance(source, Mapping) else source)
        if any(low[0] == high[0] for low, high in pairwise(pairs)):
            pairs = list(dict(pairs).items())
        self.pairs = tuple([pair for pair in pairs if pair[1] != ""])
        self._map = None
        self._hash = hash(self.pairs)
        self._fingerprint = None

    def get(self, name: str, default: str = "") -> str:
        """The value of a label; the empty string where it is missing."""
        found = self._map
        if found is None:
            found = self._map = dict(self.pairs)
        return found.get(name, default)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if not value:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) != ""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labels) and self._hash == other._hash and self.pairs == other.pairs

    def __lt__(self, other: "Labels") -> bool:
        return self.pairs < other.pairs

    def __repr__(self) -> str:
        return f"Labels({self})"

    def __str__(self) -> str:
        """As PromQL writes it: `name{a="b"}`."""
        inner = ", ".join(f'{name}="{escape(value)}"' for name, value in self.pairs if name != METRIC_NAME)
        name = self.get(METRIC_NAME)
        return f"{name}{{{inner}}}" if inner or not name else name

    @property
    def name(self) -> str:
        """The metric name; empty where there is none."""
        return next((value for name, value in self.pairs if name == METRIC_NAME), "")

    def as_dict(self) -> dict[str, str]:
        """A new dictionary of the pairs, in order of name."""
        return dict(self.pairs)

    def joined(self, others: "Labels") -> "Labels":
        """These labels and others of which none has a name of these."""
        made = Labels.__new__(Labels)
        made.pairs = tuple(sorted(self.pairs + others.pairs))
        made._map = None
        made._hash = hash(made.pairs)
        made._fingerprint = None
        return made

    def with_(self, extra: Mapping[str, str]) -> "Labels":
        """These labels, overridden and extended by `extra`; an empty value removes."""
        return Labels([*(pair for pair in self.pairs if pair[0] not in extra), *extra.items()])

    def without(self, *names: str) -> "Labels":
        """These labels less those named."""
        return Labels([pair for pair in self.pairs if pair[0] not in names])

    def only(self, names: Iterable[str]) -> "Labels":
        """Of these labels just those named."""
        wanted = set(names)
        return Labels([pair for pair in self.pairs if pair[0] in wanted])

    def fingerprint(self) -> int:
        """The 64-bit FNV-1a hash that Prometheus and Alertmanager identify label sets by.

        Source: `LabelSet.Fingerprint` of github.com/prometheus/common, model/signature.go.
        """
        if self._fingerprint is None:
            self._fingerprint = self._compute_fingerprint()
        return self._fingerprint

    def _compute_fingerprint(self) -> int:
        texts = (text.encode() for pair in self.pairs for text in pair)
        return fnv1a_64(b"".join(text + b"\xff" for text in texts))


class Annotations(Labels):
    """The texts of an alert by name, sorted; unlike labels they may be empty."""

    __slots__ = ()

    def __init__(self, source: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = dict(source.items() if isinstance(source, Mapping) else source)
        self.pairs = tuple(sorted(pairs.items()))
        self._map = None
        self._hash = hash(self.pairs)
        self._fingerprint = None

    def __contains__(self, name: object) -> bool:
        return any(name == found for found, _ in self.pairs)


EMPTY: Final = Labels()
NO_ANNOTATIONS: Final = Annotations()

_T = TypeVar("_T", bound=tuple[object, ...])
# Tuples that many series have in common, such as label pairs.
_TUPLES: Final[Interner[tuple[object, ...], Any]] = Interner(limit=500_000)


def intern(value: _T) -> _T:
    """Return the one object for this tuple: for label pairs and the like that are kept for long."""
    found: _T = _TUPLES.get(value, lambda made: made)
    return found


def escape(value: str) -> str:
    """A label value as it stands between double quotes in PromQL and in the exposition formats."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
