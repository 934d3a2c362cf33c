"""Label sets: the identity of a series or an alert."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

METRIC_NAME: Final = "__name__"


class Labels:
    """An immutable set of label pairs, sorted by name; an empty value is the same as a missing label.

    `pairs` is a sorted tuple of (name, value).
    """

    __slots__ = ("_fingerprint", "_hash", "_map", "pairs")

    pairs: tuple[tuple[str, str], ...]
    _map: dict[str, str]
    _hash: int
    _fingerprint: int | None

    def __init__(self, source: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        items = source.items() if isinstance(source, Mapping) else source
        mapping = {name: value for name, value in sorted(items) if value != ""}
        self._map = mapping
        self.pairs = tuple(mapping.items())
        self._hash = hash(self.pairs)
        self._fingerprint = None

    def get(self, name: str, default: str = "") -> str:
        """The value of a label; the empty string where it is missing."""
        return self._map.get(name, default)

    def __getitem__(self, name: str) -> str:
        return self._map[name]

    def __contains__(self, name: object) -> bool:
        return name in self._map

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
        return self._map.get(METRIC_NAME, "")

    def as_dict(self) -> dict[str, str]:
        """A new dictionary of the pairs, in order of name."""
        return dict(self._map)

    def with_(self, extra: Mapping[str, str]) -> "Labels":
        """These labels, overridden and extended by `extra`; an empty value removes."""
        return Labels({**self._map, **extra})

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
        digest = 0xCBF29CE484222325
        for name, value in self.pairs:
            for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
                digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        return digest


EMPTY: Final = Labels()


def escape(value: str) -> str:
    """A label value as it stands between double quotes in PromQL and in the exposition formats."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
