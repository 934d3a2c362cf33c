"""Instant vectors, while they are computed, consist of parallel columns of keys and values.

An operator hands out the very same `keys` object again as long as the series are the same, so that everything
that follows from labels alone (groups, matches, results' labels) is worked out once and kept by the identity
of that object (`IdentityMemo`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Generic, TypeVar

from exporter.model.labels import METRIC_NAME, Labels

# Labels that describe the metric and not the series; they go together with the name.
METADATA_LABELS = (METRIC_NAME, "__type__", "__unit__")


class Key:
    """The labels of a series under computation, and whether the metric name is to go in the end.

    It goes in the end with what Prometheus calls delayed name removal, so that functions such as
    label_replace can still use it. Without that, it is gone from the labels once a function has dropped it.
    """

    __slots__ = ("_dropped", "_final", "_hash", "_nameless", "drop_name", "labels")

    def __init__(self, labels: Labels, *, drop_name: bool = False) -> None:
        self.labels = labels
        self.drop_name = drop_name
        self._hash = hash((labels, drop_name))
        # Never the key itself: a reference cycle for every key would be freed by the cycle collector only.
        self._dropped: Key | None = None
        self._final: Labels | None = None if drop_name else labels
        self._nameless: Key | None = None

    @property
    def dropped(self) -> "Key":
        """The key of the same labels whose name goes in the end."""
        if self.drop_name:
            return self
        if self._dropped is None:
            self._dropped = Key(self.labels, drop_name=True)
        return self._dropped

    @property
    def nameless(self) -> "Key":
        """The key of the labels without the name."""
        if self._nameless is None:
            if not self._is_named:
                return self
            self._nameless = Key(self.labels.without(*METADATA_LABELS))
        return self._nameless

    @property
    def _is_named(self) -> bool:
        return any(self.labels.get(name) for name in METADATA_LABELS)

    @property
    def final(self) -> Labels:
        """The labels in the result."""
        if self._final is None:
            self._final = self.labels.without(*METADATA_LABELS)
        return self._final

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.drop_name == other.drop_name and self.labels == other.labels


@dataclass(slots=True)
class Vector:
    """An instant vector: `values[i]` belongs to `keys[i]`. Neither may be changed once handed out."""

    keys: Sequence[Key]
    values: list[float]


_T = TypeVar("_T")


class IdentityMemo(Generic[_T]):
    """The last result of a function of one or two objects, which are compared by identity: the cheapest way.

    Rule: these objects must not be changed once they have been handed out, as lists of keys are not. The memo
    refers to them, so that no other object can have their identity while it is in use.
    """

    __slots__ = ("_one", "_other", "_result")

    def __init__(self) -> None:
        self._one: object = None
        self._other: object = None
        self._result: _T | None = None

    def get(self, compute: Callable[[], _T], one: object, other: object = None) -> _T:
        """Return what `compute` yields for these objects; it is called where they are others than before."""
        if one is not self._one or other is not self._other:
            self._result = compute()
            self._one, self._other = one, other
        # It was computed for the objects; the type checker cannot see that.
        return self._result  # type: ignore[return-value]


NOTHING = Vector((), [])
ONE_WITHOUT_LABELS: tuple[Key, ...] = (Key(Labels()),)
_SPARE = 1000
_CHUNK = 300


class PerKey(Generic[_T]):
    """A function of keys whose results are remembered, per key and for the last list of keys.

    It is computed for a `chunk` of keys at once.
    """

    def __init__(self, compute: Callable[[Key], _T], chunk: int = _CHUNK) -> None:
        self._compute = compute
        self._chunk = chunk
        self._known: dict[Key, _T] = {}
        self._results: IdentityMemo[Sequence[_T]] = IdentityMemo()

    def of(self, keys: Sequence[Key], check: Callable[[], None]) -> Sequence[_T]:
        """The results in the order of the keys; the same object for the same keys.

        `check` is called now and then, and may raise.
        """
        return self._results.get(lambda: self._all(keys, check), keys)

    def _all(self, keys: Sequence[Key], check: Callable[[], None]) -> Sequence[_T]:
        if len(self._known) > 2 * len(keys) + _SPARE:
            self._known.clear()
        result: list[_T] = []
        for start in range(0, len(keys), self._chunk):
            result.extend(map(self._one, keys[start : start + self._chunk]))
            check()
        return result

    def _one(self, key: Key) -> _T:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._compute(key)
        return found


class Presence:
    """A filter of the series that have a value; the keys object is the same while the same series do."""

    def __init__(self) -> None:
        self._keys: Sequence[Key] | None = None
        self._mask: list[bool] = []
        self._kept: Sequence[Key] = ()

    def vector(self, keys: Sequence[Key], found: list[float | None]) -> Vector:
        """The vector of those that are not None."""
        if None not in found:
            # All are floats then; the type checker cannot see that.
            return Vector(keys, found)  # type: ignore[arg-type]
        values = [value for value in found if value is not None]
        return Vector(self._present(keys, [value is not None for value in found]), values)

    def masked(self, keys: Sequence[Key], values: Sequence[float], mask: list[bool]) -> Vector:
        """The vector of those whose mask is true."""
        if all(mask):
            return Vector(keys, list(values))
        return Vector(self._present(keys, mask), list(compress(values, mask)))

    def _present(self, keys: Sequence[Key], mask: list[bool]) -> Sequence[Key]:
        if keys is not self._keys or mask != self._mask:
            self._keys, self._mask = keys, mask
            self._kept = list(compress(keys, mask))
        return self._kept
