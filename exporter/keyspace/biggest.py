"""The biggest keys: the few with the most memory, and the few with the most elements."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any


class TopKeys:
    """The `limit` keys of the highest value, each once."""

    __slots__ = ("_heap", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[int, bytes]] = []

    @property
    def threshold(self) -> int:
        """Only a value above this one gets in."""
        return self._heap[0][0] if self._limit and len(self._heap) >= self._limit else -1

    def offer(self, values: Sequence[int], names: Sequence[bytes]) -> None:
        """Take in those that are high enough."""
        if not self._limit or not values or max(values) <= self.threshold:
            return
        for value, name in zip(values, names, strict=True):
            if value > self.threshold:
                self._put(value, name)

    def _put(self, value: int, name: bytes) -> None:
        for index, (_, known) in enumerate(self._heap):
            if known == name:
                # Seen twice: the later value is the true one.
                self._heap[index] = (value, name)
                heapq.heapify(self._heap)
                return
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, (value, name))
        else:
            heapq.heapreplace(self._heap, (value, name))

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Names and values, the highest first."""
        return iter([(name, value) for value, name in sorted(self._heap, reverse=True)])

    def to_json(self) -> list[list[Any]]:
        """For `from_json`."""
        return [[value, name.decode("latin-1")] for value, name in self._heap]

    @classmethod
    def from_json(cls, limit: int, saved: Sequence[Sequence[Any]]) -> "TopKeys":
        """Raises `TypeError` or `ValueError` where this is not what `to_json` has returned."""
        top = cls(limit)
        top._heap = [(int(value), name.encode("latin-1")) for value, name in saved][:limit]
        heapq.heapify(top._heap)
        return top
