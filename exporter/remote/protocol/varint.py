"""Numbers of variable length, as Go's encoding/binary and protobuf write them."""

from typing import Final

# Seven bits each: more than 64 are none.
_MAX_BYTES: Final = 10


def varint(number: int) -> bytes:
    """A signed number: near 0 means short, also below."""
    return uvarint(number << 1 if number >= 0 else ~(number << 1))


def uvarint(number: int) -> bytes:
    """A number that is not negative: seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def read_uvarint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Return the number that begins at an index, and where the next one begins.

    Raises `IndexError` where the data ends before it, and `ValueError` where it is too long for a number.
    """
    found = shift = 0
    while shift < 7 * _MAX_BYTES:
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return found, at
    raise ValueError("a number has more than 64 bits")
