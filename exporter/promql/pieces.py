"""Long work is done in pieces; between them a `check` is called, which may yield control, or raise."""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import Any, TypeVar

# About a millisecond of work on each piece, whatever it is.
PIECE = 300
_T = TypeVar("_T")


def pieces(items: Sequence[_T], check: Callable[[], None]) -> Iterator[Sequence[_T]]:
    """Yield something long piece by piece."""
    if len(items) <= PIECE:
        yield items
        return
    for start in range(0, len(items), PIECE):
        yield items[start : start + PIECE]
        check()


def map_pieces(
    function: Callable[..., _T], columns: Sequence[Sequence[Any]], check: Callable[[], None]
) -> list[_T]:
    """Map a function over the rows of columns, which are of one length."""
    if len(columns[0]) <= PIECE:
        return list(map(function, *columns))
    found: list[_T] = []
    for start in range(0, len(columns[0]), PIECE):
        found.extend(map(function, *[column[start : start + PIECE] for column in columns]))
        check()
    return found


def sort_pieces(items: Sequence[_T], key: Callable[[_T], Any], check: Callable[[], None]) -> list[_T]:
    """Sort by a key; equal ones stay in order."""
    runs = [sorted(piece, key=key) for piece in pieces(items, check)]
    if len(runs) <= 1:
        return runs[0] if runs else []
    found: list[_T] = []
    for number, item in enumerate(merge(*runs, key=key)):
        found.append(item)
        if number % PIECE == 0:
            check()
    return found


class PacedValues(list[float]):
    """Values that call `check` while they are gone through."""

    def __init__(self, values: list[float], check: Callable[[], None]) -> None:
        super().__init__(values)
        self._check = check

    def __iter__(self) -> Iterator[float]:
        for start in range(0, len(self), PIECE):
            yield from self[start : start + PIECE]
            self._check()
