import pytest

from exporter.remote.protocol import snappy


@pytest.mark.parametrize("data", [b"", b"a", b"redis_up" * 10_000, bytes(range(256)) * 300])
def test_what_was_compressed_comes_back(data: bytes) -> None:
    assert snappy.decompress(snappy.compress(data), len(data)) == data


def test_a_block_of_another_program_is_read() -> None:
    # Nine bytes: one literal of one byte, then a copy of eight from one byte before.
    assert snappy.decompress(b"\x09\x00a\x11\x01", 9) == b"a" * 9


@pytest.mark.parametrize("block", [b"", b"\xff" * 9, b"\x05abc", b"plain text", b"\x09\x00a\x11\x05"])
def test_what_is_no_block_is_refused_in_one_sentence(block: bytes) -> None:
    with pytest.raises(ValueError, match="is not compressed with snappy"):
        snappy.decompress(block, 1 << 20)


def test_a_block_that_claims_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = snappy.compress(bytes(50 << 20))
    assert len(bomb) < 3 << 20
    with pytest.raises(ValueError, match="unpacks to 52428800 bytes, more than the 1048576"):
        snappy.decompress(bomb, 1 << 20)
