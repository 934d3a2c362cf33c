"""Encodes timestamps and columns of changes: small whole numbers where they are some, to be compressed.

Metrics are mostly whole numbers, or decimals with a few places: the differences of their changes take one
byte or two. Everything else stays the double that it is; what is read is what was written, bit by bit.
The order of bytes is that of the machine.
"""

import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from exporter.history.column import Column
from exporter.history.integers import CODES, StreamReader, Streams, differences, summed, width_of
from exporter.model.sample import STALE, is_stale

_TIMES: Final = struct.Struct("<IqqB")
"""Of timestamps: how many, the first, the first difference, the width of the differences of these."""

_STREAMS: Final = ("b", "h", "i", "q", "d", "B", "I")
# How a column's rows are written: every row from the first on, or by their differences.
_DENSE: Final = 5
# How its values are written: the index into CODES of whole differences, or doubles.
_DOUBLES: Final = 5
# Decimal places that are tried where values are no whole numbers.
_PLACES: Final = (2, 3, 6)
# Of so many values at most, to see how many places they have.
_TRIED: Final = 8
_EXACT: Final = 2.0**53
_ONE: Final = 1


def encode_times(times: "array[int]") -> bytes:
    """Return timestamps in milliseconds as bytes; at least one."""
    steps = differences(times)
    second = differences(steps)
    width = width_of(second)
    streams = Streams(CODES[width : width + 1] if width else ())
    if width:
        streams.add(CODES[width], second)
    head = _TIMES.pack(len(times), times[0], steps[0] if steps else 0, width)
    return b"".join((head, *streams.pack()))


def decode_times(data: bytes) -> "array[int]":
    """The inverse of `encode_times`. Raises `ValueError`."""
    try:
        count, first, step, width = _TIMES.unpack_from(data)
        second: Sequence[int] = [0] * max(0, count - 2)
        if width:
            reader = StreamReader([CODES[width]], memoryview(data)[_TIMES.size :])
            second = reader.take(CODES[width], max(0, count - 2))
        steps = summed(step, second) if count > 1 else []
        return array("q", summed(first, steps))
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(str(error)) from None


def encode_columns(columns: Sequence[Column], rows: int, *, is_brief: bool = False) -> bytes:
    """Return columns of a source that has so many rows as bytes.

    `is_brief`: they are read once and then encoded anew, so that all values are left as the doubles that they
    are, which costs a fraction of the time and takes twice the room.
    """
    streams = Streams(_STREAMS)
    for column in columns:
        _encode(column, rows, streams, is_brief=is_brief)
    return b"".join(streams.pack())


def _encode(column: Column, rows: int, streams: Streams, *, is_brief: bool) -> None:
    """Append one column to the streams: its form, its rows, its values."""
    count = len(column.rows)
    gaps = _gaps(column.values)
    values = _filled(column.values, gaps) if gaps else column.values
    is_dense = count > 1 and column.rows[-1] == rows - 1 and count == rows
    steps = [] if is_dense else [step - 1 for step in differences(column.rows)]
    row_form = _DENSE if is_dense else width_of(steps)
    places, whole = (0, None) if is_brief else _as_whole(values)
    moves = differences(whole) if whole is not None else []
    value_form = _DOUBLES
    if whole is not None:
        try:
            value_form = width_of(moves)
        except OverflowError:
            whole = None
    streams.add("B", (row_form, value_form, places, 1 if gaps else 0))
    streams.add("I", (count, len(gaps)) if gaps else (count,))
    streams.add("I", gaps)
    if CODES[row_form % _DENSE]:
        streams.add(CODES[row_form], steps)
    if whole is None:
        streams.add("d", values)
    else:
        streams.add("d", values[:1])
        if CODES[value_form]:
            streams.add(CODES[value_form], moves)


def _gaps(values: "array[float]") -> "array[int]":
    """Return the places of stale markers."""
    # Most columns have none, which their sum tells, computed in C.
    if not math.isnan(sum(values)):
        return array("I")
    return array("I", [place for place, value in enumerate(values) if value != value and is_stale(value)])


def _filled(values: "array[float]", gaps: Sequence[int]) -> "array[float]":
    """Return values with the one before in the place of each stale marker, which compresses to nothing."""
    filled = values[:]
    for place in gaps:
        filled[place] = filled[place - 1] if place else 0.0
    if gaps[0] == 0:
        first = next((value for value in values if not is_stale(value)), 0.0)
        for place in range(len(filled)):
            if not is_stale(values[place]):
                break
            filled[place] = first
    return filled


def _as_whole(values: "array[float]") -> tuple[int, list[int] | None]:
    """Return values as whole numbers, and how many decimal places these have; None where they are none.

    Bit by bit the same is what comes back, or it is left alone: -0, NaN, infinities, other doubles.
    """
    if not (math.isfinite(sum(values)) and max(values) < _EXACT and min(values) > -_EXACT):
        return 0, None
    for places in (0, *_PLACES):
        scale = 10.0**places
        if not _fits(islice(values, _TRIED), scale):
            continue
        whole = [round(value * scale) for value in values] if places else list(map(int, values))
        read = array("d", [number / scale for number in whole] if places else whole)
        if read.tobytes() == values.tobytes():
            return places, whole
    return 0, None


def _fits(values: Iterator[float], scale: float) -> bool:
    return all(round(value * scale) / scale == value for value in values)


def decode_columns(data: bytes, count: int, rows: int) -> list[Column]:
    """The inverse of `encode_columns`, of `count` columns. Raises `ValueError`."""
    try:
        reader = StreamReader(_STREAMS, memoryview(data))
        return [_decode(reader, rows) for _ in range(count)]
    except (IndexError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


def _decode(reader: StreamReader, rows: int) -> Column:
    row_form, value_form, places, has_gaps = reader.take("B", 4)
    (count,) = reader.take("I", 1)
    gaps = reader.take("I", reader.take("I", 1)[0]) if has_gaps else ()
    # In the order in which they were written: both may be in one stream.
    found = _decode_rows(reader, count, row_form, rows)
    values = _decode_values(reader, count, value_form, places)
    for place in gaps:
        values[place] = STALE
    return Column(found, values)


def _decode_rows(reader: StreamReader, count: int, form: int, rows: int) -> "array[int]":
    if form == _DENSE:
        return every_row(rows)
    code = CODES[form]
    steps: Sequence[int] = reader.take(code, count - 1) if code else [0] * (count - 1)
    found = array("I", summed(0, map(_ONE.__add__, steps)))
    if found[-1] >= rows:
        raise ValueError("a row that is not there")
    return found


@lru_cache(maxsize=16)
def every_row(rows: int) -> "array[int]":
    """The rows of a series that changed in each; all such series share them."""
    return array("I", range(rows))


def _decode_values(reader: StreamReader, count: int, form: int, places: int) -> "array[float]":
    if form == _DOUBLES:
        return reader.take_floats(count)
    code = CODES[form]
    scale = 10.0**places
    first = round(reader.take_floats(1)[0] * scale)
    whole = summed(first, reader.take(code, count - 1) if code else [0] * (count - 1))
    return array("d", whole if not places else [number / scale for number in whole])
