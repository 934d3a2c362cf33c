"""Keeps one object where many would be equal, to save memory and to make comparisons cheap."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Interner(Generic[KeyT, ValueT]):
    """One object for all equal keys.

    Rule: interning only saves memory. When more than `limit` objects are held all are let go of, so that two
    equal objects may be two after all. Nothing may take "another object" for "another value": compare with
    `is` only to save a comparison with `==`.
    """

    __slots__ = ("_limit", "_values")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[KeyT, ValueT] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: KeyT, make: Callable[[KeyT], ValueT]) -> ValueT:
        """Return the object for this key; it is made when there is none."""
        found = self._values.get(key)
        if found is None:
            if len(self._values) >= self._limit:
                self._values.clear()
            found = self._values[key] = make(key)
        return found


class IdentityInterner(Generic[ValueT]):
    """One value for the very same objects in the same order, found by their identities.

    That is much cheaper than to compare the objects, and misses those that are equal without being the same.

    Rule: a value must hold a reference to each object that it was made of. The identity of an object is its
    own only while it lives; afterwards a new object may get it. An entry lives no longer than its value, and
    the value keeps the objects alive, so that no entry is ever found by the identity of another object.
    The objects must not change, and values are found as long as somebody else holds them.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: WeakValueDictionary[tuple[int, ...], ValueT] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, objects: Iterable[object], make: Callable[[], ValueT]) -> ValueT:
        """Return the value for these objects; it is made when nobody holds one."""
        key = tuple(map(id, objects))
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = make()
        return found
