"""Sizes and values of keys, by their type; without a command that writes or replies at length."""

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.sampling.replies import parse_value

_LENGTH: Final[Mapping[bytes, str]] = {
    b"string": "STRLEN",
    b"list": "LLEN",
    b"set": "SCARD",
    b"zset": "ZCARD",
    b"hash": "HLEN",
    b"stream": "XLEN",
}
# Enough for any number, and for the head of a HyperLogLog.
_VALUE_BYTES: Final = 64
_HYPERLOGLOG: Final = b"HYLL"


def size_commands(key: bytes, kind: Reply) -> Sequence[Command]:
    """The commands that tell the size of a key of this type, and the beginning of a string."""
    command = _LENGTH.get(kind) if isinstance(kind, bytes) else None
    if command is None:
        return ()
    if kind == b"string":
        return ((command, key), ("GETRANGE", key, 0, _VALUE_BYTES - 1))
    return ((command, key),)


def parse_size(replies: Sequence[Reply]) -> float | None:
    """The size from the replies; of a HyperLogLog its cardinality, as the server has last counted it.

    PFCOUNT would count it anew, and write the result into the key.
    """
    if len(replies) == 2 and isinstance(replies[1], bytes) and replies[1].startswith(_HYPERLOGLOG):
        return _parse_cardinality(replies[1])
    return parse_value(replies[0]) if replies else None


def _parse_cardinality(head: bytes) -> float | None:
    """Bytes 8 to 15, little endian; the highest bit says that the number is out of date.

    Source: `struct hllhdr` in hyperloglog.c.
    """
    return float(int.from_bytes(head[8:16], "little") & ~(1 << 63)) if len(head) >= 16 else None


def parse_string(replies: Sequence[Reply]) -> bytes | None:
    """The value of a string, if it is a short one and no HyperLogLog."""
    if len(replies) != 2 or not isinstance(replies[1], bytes):
        return None
    length, value = parse_value(replies[0]), replies[1]
    return value if length == len(value) and value and not value.startswith(_HYPERLOGLOG) else None
