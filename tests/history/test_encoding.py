"""What is encoded comes back bit by bit."""

import math
import random
import struct
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.history.column import Column
from exporter.history.encoding import decode_columns, decode_times, encode_columns, encode_times
from exporter.model.sample import STALE

HOSTILE = [
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    STALE,
    5e-324,
    1.7e308,
    2.0**53,
    2.0**63,
    -1.0,
    0.1,
    12.34,
]
VALUES = st.one_of(
    st.floats(),
    st.sampled_from(HOSTILE),
    st.integers(-(2**70), 2**70).map(float),
    st.integers(0, 10**9).map(lambda number: number / 1e6),
    st.builds(lambda bits: struct.unpack("=d", struct.pack("=Q", bits))[0], st.integers(0, 2**64 - 1)),
)


@st.composite
def columns(draw: st.DrawFn) -> tuple[int, list[Column]]:
    rows = draw(st.integers(1, 300))
    found = []
    for _ in range(draw(st.integers(1, 8))):
        later = draw(st.sets(st.integers(1, rows - 1), max_size=40)) if rows > 1 else set()
        if draw(st.booleans()):
            later = set(range(1, rows))
        places = array("I", [0, *sorted(later)])
        kind = draw(st.sampled_from(["any", "whole", "small", "decimal", "same"]))
        seed = random.Random(draw(st.integers(0, 1 << 30)))
        if kind == "any":
            values = [draw(VALUES) if len(places) < 30 else seed.choice(HOSTILE) for _ in places]
        elif kind == "whole":
            values = [float(seed.randrange(-(10 ** seed.randrange(1, 17)), 10**9)) for _ in places]
        elif kind == "small":
            values = [float(seed.randrange(9)) for _ in places]
        elif kind == "decimal":
            values = [seed.randrange(10**8) / 10 ** seed.choice([1, 2, 3, 6]) for _ in places]
        else:
            values = [7.0] * len(places)
        if draw(st.booleans()):
            values = [STALE if seed.random() < 0.2 else value for value in values]
        found.append(Column(places, array("d", values)))
    return rows, found


@settings(max_examples=150, deadline=None)
@given(columns(), st.booleans())
def test_columns_come_back_as_they_were(given_columns: tuple[int, list[Column]], is_brief: bool) -> None:
    rows, written = given_columns
    read = decode_columns(encode_columns(written, rows, is_brief=is_brief), len(written), rows)
    for one, other in zip(written, read, strict=True):
        assert one.rows.tobytes() == other.rows.tobytes()
        assert one.values.tobytes() == other.values.tobytes()


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**40), 2**41), st.lists(st.integers(1, 2**33), max_size=60))
def test_timestamps_come_back_as_they_were(first: int, steps: list[int]) -> None:
    times = array("q", [first])
    for step in steps:
        times.append(times[-1] + step)
    assert decode_times(encode_times(times)) == times


def test_regular_numbers_take_a_byte_each() -> None:
    rows = 1_000
    counter = Column(array("I", range(rows)), array("d", [1e9 + 17.0 * row for row in range(rows)]))
    assert len(encode_columns([counter], rows)) < rows + 100
    assert len(encode_times(array("q", range(0, rows * 15_000, 15_000)))) < 40


@pytest.mark.parametrize("start", [1e13, 2.0**52, -(2.0**52)])
def test_large_counts_take_a_byte_each_however_many_there_are(start: float) -> None:
    rows = 6_000
    column = Column(array("I", range(rows)), array("d", [start + 17.0 * row for row in range(rows)]))
    data = encode_columns([column], rows)
    assert len(data) < rows + 100
    assert decode_columns(data, 1, rows)[0].values.tobytes() == column.values.tobytes()


@pytest.mark.parametrize("cut", [0, 3, 10, 40])
def test_data_that_is_too_short_is_an_error(cut: int) -> None:
    rows = 100
    data = encode_columns([Column(array("I", range(rows)), array("d", map(float, range(rows))))], rows)
    with pytest.raises(ValueError, match=r"\w"):
        decode_columns(data[:cut], 1, rows)
    with pytest.raises(ValueError, match=r"\w"):
        decode_times(encode_times(array("q", [1, 5, 20, 21]))[:cut][:20])
