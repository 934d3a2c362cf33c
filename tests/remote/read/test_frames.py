"""A stream of frames arrives whole or not at all."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.remote.read.frames import DamagedStreamError, read_frames, write_frame

MESSAGES = [b"one", b"x" * 300, b"three"]
STREAM = b"".join(map(write_frame, MESSAGES))


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=9), st.integers(1, 500))
def test_messages_are_read_however_they_arrive(messages: list[bytes], size: int) -> None:
    assert list(read_frames(in_pieces(b"".join(map(write_frame, messages)), size))) == messages


def test_a_frame_is_length_checksum_message() -> None:
    # CRC-32C of "123456789", from RFC 3720.
    assert write_frame(b"123456789") == b"\x09\xe3\x06\x92\x83123456789"


@pytest.mark.parametrize("cut", [1, 4, 6, 200])
def test_a_stream_that_is_cut_off_is_told(cut: int) -> None:
    with pytest.raises(DamagedStreamError, match="ends within a frame"):
        list(read_frames([STREAM[:-cut]]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (STREAM[:8] + b"!" + STREAM[9:], "checksum"),
        (b"\xff" * 40, "something else"),
        (b"\xff\xff\xff\xff\x0f" + bytes(40), "more than"),
    ],
)
def test_what_is_damaged_is_told(data: bytes, said: str) -> None:
    with pytest.raises(DamagedStreamError, match=said):
        list(read_frames([data]))
