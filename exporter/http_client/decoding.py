"""Unpacks compressed answers, of which some bytes may hold gigabytes: no more than a bound at a time.

Only gzip is asked for and understood, as by Go's client.
"""

import zlib
from typing import Final

ACCEPTED: Final = "gzip"
"""The header Accept-Encoding of our requests."""

# zlib's way to ask for a gzip header: the largest window, plus 16.
_GZIP: Final = 16 + 15
_PIECE_BYTES: Final = 16 << 10
# Nobody sends more than one; each costs a copy of what follows.
_MOST_MEMBERS: Final = 16
_PLAIN: Final = frozenset({"", "identity"})
_PACKED: Final = frozenset({"gzip", "x-gzip"})


def is_known(encoding: str) -> bool:
    """Whether a Content-Encoding is one that can be unpacked; several, one in another, are not."""
    return encoding.strip().lower() in _PLAIN | _PACKED


def unpack(body: bytes, encoding: str, most_bytes: int, *, is_cut: bool = False) -> bytes:
    """Return the body without its compression, up to the first `most_bytes + 1` bytes.

    The one more byte says that there is more. To be run in a thread.

    `is_cut`: the body is only the beginning of what was sent. Raises `ValueError` for an encoding that is not
    known, or a body that is not what it says, or ends before its end.
    """
    name = encoding.strip().lower()
    if name in _PLAIN:
        return body[: most_bytes + 1]
    if name not in _PACKED:
        raise ValueError(f"is encoded as {name[:20]!r}, which is not accepted")
    try:
        return _unpack_members(memoryview(body), most_bytes + 1, is_cut)
    except zlib.error as error:
        raise ValueError("is not gzip, as it says") from error


def _unpack_members(body: memoryview, room: int, is_cut: bool) -> bytes:
    """A gzip file may be several ones after each other."""
    unpacked = bytearray()
    for _ in range(_MOST_MEMBERS):
        reader = zlib.decompressobj(_GZIP)
        while body and not reader.eof:
            piece, body = body[:_PIECE_BYTES], body[_PIECE_BYTES:]
            unpacked += reader.decompress(piece, room - len(unpacked))
            while reader.unconsumed_tail and len(unpacked) < room:
                unpacked += reader.decompress(reader.unconsumed_tail, room - len(unpacked))
            if len(unpacked) >= room:
                return bytes(unpacked)
            if reader.unused_data:
                body = memoryview(reader.unused_data + bytes(body))
        if not reader.eof and not is_cut:
            raise ValueError("is gzip that ends too early")
        if not body:
            return bytes(unpacked)
    raise ValueError(f"is more than {_MOST_MEMBERS} gzip files in one")
