"""A segment: successive rows of one group, stored as the first row and the changes in later ones."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from struct import Struct, pack, unpack

from exporter.model.sample import STALE, Layout

# The bytes of an empty segment, and of a row with changes besides these: measured with tracemalloc.
SEGMENT_BYTES = 600
ENTRY_BYTES = 70
VALUE_BYTES = 8
_ONE_VALUE = Struct("=d")
_MAX_SHORT = 1 << 16


def index_code(count: int) -> str:
    """Return the type code (of `array`) of packed indexes in a layout of so many series."""
    return "H" if count < _MAX_SHORT else "I"


class Segment:
    """Rows from `first_row` on that have one layout. A missing value is stored as the stale marker.

    `held` are the indexes in the layout of which there is any value here; None: all. `moved` are the indexes
    that changed in a row, as packed numbers, and `values` their new values, so that a row costs two small
    objects, and rows in which the same series changed share one of these. `changes` counts values.
    """

    __slots__ = (
        "_code",
        "_size",
        "base",
        "changes",
        "first_row",
        "held",
        "layout",
        "moved",
        "rows",
        "values",
    )

    def __init__(self, layout: Layout, first_row: int, base: Iterable[float | None]) -> None:
        self.layout = layout
        self.first_row = first_row
        self.held: Sequence[int] | None = None
        self.base = array("d", [STALE if value is None else value for value in base])
        self.rows = array("I")
        self.moved: list[bytes] = []
        self.values: list[bytes] = []
        self.changes = 0
        self._code = index_code(len(layout))
        self._size = array(self._code).itemsize

    @property
    def memory_bytes(self) -> int:
        """About how much memory the segment holds."""
        # Rows that share their packed indexes cost less than this; lists and arrays grow by an eighth.
        entries = len(self.rows) * ENTRY_BYTES + self.changes * (VALUE_BYTES + self._size)
        return SEGMENT_BYTES + len(self.base) * VALUE_BYTES + entries

    def grow(self, layout: Layout) -> bool:
        """Take a layout that has the same series, and maybe more behind them; False for any other."""
        mine = self.layout
        count = len(mine)
        is_more = layout.base == mine.base and layout.points[:count] == mine.points
        if not is_more or self.held is not None or (count < _MAX_SHORT) != (len(layout) < _MAX_SHORT):
            return False
        self.layout = layout
        self.base.extend([STALE] * (len(layout) - count))
        return True

    def append(self, row: int, indexes: Sequence[int], values: Sequence[float | None]) -> None:
        """Record that these series have these values from a row on."""
        moved = array(self._code, indexes).tobytes()
        if self.moved and self.moved[-1] == moved:
            moved = self.moved[-1]
        numbers = [STALE if value is None else value for value in values] if None in values else values
        self.rows.append(row)
        self.moved.append(moved)
        self.values.append(array("d", numbers).tobytes())  # type: ignore[type-var]  # no None is left
        self.changes += len(values)

    def amend(self, row: int, values: Mapping[int, float]) -> None:
        """Give series that had no value in the newest row one after all, by index."""
        if row == self.first_row:
            for index, value in values.items():
                self.base[index] = value
            return
        moved = dict(values)
        if self.rows and self.rows[-1] == row:
            moved = {**dict(zip(*self._entry(-1), strict=True)), **values}
            self.changes -= len(self.moved[-1]) // self._size
            del self.rows[-1], self.moved[-1], self.values[-1]
        self.append(row, list(moved), list(moved.values()))

    def newest_moves(self, row: int) -> Sequence[int] | None:
        """Return the indexes that changed in the newest row; None where only a comparison can tell."""
        if row <= self.first_row or self.held is not None:
            return None
        is_noted = len(self.rows) > 0 and self.rows[-1] == row
        return array(self._code, self.moved[-1]) if is_noted else ()

    def advance(self, row: int) -> Iterator[tuple[int, Sequence[int], Sequence[float]]]:
        """Let the segment begin at a later row; returns the rows with changes until then, and the changes."""
        count = bisect_right(self.rows, row)
        gone = [(self.rows[entry], *self._entry(entry)) for entry in range(count)]
        offset = self._offsets()
        for _, indexes, values in gone:
            for index, value in zip(indexes, values, strict=True):
                self.base[offset(index)] = value
            self.changes -= len(values)
        del self.rows[:count], self.moved[:count], self.values[:count]
        self.first_row = max(row, self.first_row)
        return iter(gone)

    def hold_only(self, indexes: Sequence[int], first_row: int) -> "Segment":
        """Return an empty segment from a row on, with the first values of some series of this one."""
        part = Segment(self.layout, first_row, self.base_of(indexes))
        part.held = indexes
        return part

    def base_of(self, indexes: Sequence[int]) -> Sequence[float]:
        """Return the first values of some series."""
        offset = self._offsets()
        return [self.base[offset(index)] for index in indexes]

    def holds(self, index: int) -> bool:
        """Whether there is any value of a series here."""
        return self.held is None or index in self.held

    def _offsets(self) -> Callable[[int], int]:
        """Return what maps an index in the layout to one in `base`."""
        if self.held is None:
            return _identity
        return {index: offset for offset, index in enumerate(self.held)}.__getitem__

    def _entry(self, entry: int) -> tuple[Sequence[int], Sequence[float]]:
        moved, values = self.moved[entry], self.values[entry]
        indexes = unpack(f"={len(moved) // self._size}{self._code}", moved)
        return indexes, unpack(f"={len(values) // VALUE_BYTES}d", values)

    def row_at(self, row: int) -> "array[float]":
        """Return the values of all series in a row; only where all are held."""
        found = self.base[:]
        for entry in range(bisect_right(self.rows, row)):
            for index, value in zip(*self._entry(entry), strict=True):
                found[index] = value
        return found

    def value_at(self, index: int, row: int) -> float:
        """Return the value of a series in a row."""
        key = self._key(index)
        for entry in range(bisect_right(self.rows, row) - 1, -1, -1):
            offset = self._find(key, self.moved[entry])
            if offset >= 0:
                return self._value(entry, offset)
        return self.base[self._offsets()(index)]

    def moves_after(self, index: int, row: int) -> bool:
        """Whether a series changed in a later row."""
        key = self._key(index)
        later = self.moved[bisect_right(self.rows, row) :]
        return any(self._find(key, moved) >= 0 for moved in later)

    def changes_of(self, index: int, row: int) -> Iterator[tuple[int, float]]:
        """Yield the rows from `row` on in which a series changed, and its values."""
        key = self._key(index)
        known, offset = None, -1
        for entry in range(bisect_left(self.rows, row), len(self.rows)):
            moved = self.moved[entry]
            if moved is not known:
                known, offset = moved, self._find(key, moved)
            if offset >= 0:
                yield self.rows[entry], self._value(entry, offset)

    def values_along(self, index: int, rows: Sequence[int], newest: float | None) -> Sequence[float]:
        """Return the values of a series in some rows, in order.

        `newest` is its value after all rows, None where that is not known: a series that has not moved since
        the first of these rows is not looked for in earlier ones.
        """
        key = self._key(index)
        entries = [bisect_right(self.rows, row) - 1 for row in rows]
        found: list[float | None] = []
        has_moved = newest is None or self.moves_after(index, rows[-1])
        for place in range(len(rows) - 1, -1, -1):
            # What has not moved since the row before has the value that it had there.
            value = self._last_change(key, entries[place], entries[place - 1] if place else entries[0])
            has_moved = has_moved or value is not None
            found.append(value)
        found.reverse()
        last = self.value_at(index, rows[0]) if has_moved or newest is None else newest
        return [last := last if value is None else value for value in found]

    def _last_change(self, key: bytes, entry: int, before: int) -> float | None:
        """Return the value of the newest change from an entry back to another, which is left out."""
        known, offset = None, -1
        while entry > before:
            moved = self.moved[entry]
            if moved is not known:
                known, offset = moved, self._find(key, moved)
            if offset >= 0:
                return self._value(entry, offset)
            entry -= 1
        return None

    def _key(self, index: int) -> bytes:
        return pack(f"={self._code}", index)

    def _find(self, key: bytes, moved: bytes) -> int:
        """Return the offset of an index among those that moved; -1: it is not there."""
        size = self._size
        found = moved.find(key)
        while found >= 0 and found % size:
            # A match that spans two numbers.
            found = moved.find(key, found + 1)
        return found // size

    def _value(self, entry: int, offset: int) -> float:
        value: float = _ONE_VALUE.unpack_from(self.values[entry], offset * VALUE_BYTES)[0]
        return value


def _identity(index: int) -> int:
    return index
