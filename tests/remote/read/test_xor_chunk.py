"""XOR chunks hold the samples bit for bit, as Prometheus lays them out."""

from contextlib import suppress
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.sample import STALE
from exporter.remote.read.xor_chunk import CHUNK_SAMPLES, ChunkTimes, chunk_times
from exporter.remote.read.xor_reader import DamagedChunkError, read_chunk
from tests.remote.read.xor_decoder import decode, pattern

NOW = 1_700_000_000_000
# Steps between samples around all borders of the codes.
_STEPS = st.one_of(
    st.integers(1, 3),
    st.integers(14_900, 15_100),
    st.sampled_from([2**13 - 1, 2**13, 2**13 + 1, 2**16, 2**16 + 1, 2**19, 2**19 + 1, 2**40]),
    st.integers(1, 2**45),
)
_VALUES = st.one_of(
    st.floats(allow_nan=True, width=64),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, STALE, float("inf"), 1e308, 5e-324]),
    st.integers(0, 2**53).map(float),
)


@given(st.data(), st.integers(-(2**55), 2**55))
def test_what_is_encoded_is_read_again(data: st.DataObject, start: int) -> None:
    steps = data.draw(st.lists(_STEPS, max_size=CHUNK_SAMPLES - 1))
    times = list(accumulate(steps, initial=start))
    values = data.draw(st.lists(_VALUES, min_size=len(times), max_size=len(times)))
    chunk = ChunkTimes(times).encode(values)
    expected = [(at, pattern(value)) for at, value in zip(times, values, strict=True)]
    assert decode(chunk) == expected
    read_times, read_values = read_chunk(chunk)
    assert list(zip(read_times, map(pattern, read_values), strict=True)) == expected


@given(st.lists(_STEPS, max_size=300), st.floats(allow_nan=True))
def test_a_value_that_stays_costs_one_bit_a_sample(steps: list[int], value: float) -> None:
    times = list(accumulate(steps, initial=NOW))
    found = [one for chunk in chunk_times(times) for one in decode(chunk.encode([value] * chunk.count))]
    assert found == [(at, pattern(value)) for at in times]


# What chunkenc of Prometheus 3.14 makes of these samples.
KNOWN = [
    ([(NOW, 1.0)], "000180a0abfef9623ff0000000000000"),
    ([(NOW, 1.0), (NOW + 15_000, 1.0), (NOW + 30_000, 1.0)], "000380a0abfef9623ff0000000000000987500"),
    (
        [
            (NOW, 0.0),
            (NOW + 15_001, 3.5),
            (NOW + 30_000, 3.25),
            (NOW + 45_003, 1e9),
            (NOW + 145_003, 1e9 + 1),
            (NOW + 10**9, -1.0),
        ],
        "000680a0abfef96200000000000000009975c26c00efffb685c00267678f9acbc2980bfca007c00000000ee5c33d7053fc"
        "7b9aca01",
    ),
]


@pytest.mark.parametrize(("samples", "written"), KNOWN)
def test_the_bytes_are_those_of_prometheus(samples: list[tuple[int, float]], written: str) -> None:
    times, values = zip(*samples, strict=True)
    assert ChunkTimes(times).encode(values).hex() == written


def test_series_share_what_was_made_of_the_timestamps() -> None:
    times = ChunkTimes([NOW, NOW + 15_000, NOW + 30_001])
    assert (times.count, times.first_ms, times.last_ms) == (3, NOW, NOW + 30_001)
    for value in (1.0, 2.0):
        assert decode(times.encode([value] * 3))[-1] == (NOW + 30_001, pattern(value))


def test_a_chunk_that_is_cut_off_is_told() -> None:
    chunk = ChunkTimes([NOW, NOW + 15_000, NOW + 30_001]).encode([1.0, 2.5, 3.25])
    for size in range(2, len(chunk)):
        with pytest.raises(DamagedChunkError):
            read_chunk(chunk[:size])
    with pytest.raises(DamagedChunkError):
        read_chunk(ChunkTimes([NOW]).encode([1.0])[:-1])


@given(st.binary(max_size=200))
def test_other_bytes_do_no_harm(data: bytes) -> None:
    with suppress(DamagedChunkError):
        times, values = read_chunk(data)
        assert len(times) == len(values)
