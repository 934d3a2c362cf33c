"""Numbers of variable length, as Go's encoding/binary and protobuf write them."""


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
