"""Unpacks compressed answers, of which some bytes may hold gigabytes: no more than a bound at a time.

Only gzip is asked for and understood, as by Go's client.
"""

import zlib
from typing import Final

ACCEPTED: Final = "gzip"
"""The header Accept-Encoding of our requests."""

# zlib's way to ask for a gzip header: the largest window, plus 16.
_GZIP: Final = 16 + 15
_PLAIN: Final = frozenset({"", "identity"})
_PACKED: Final = frozenset({"gzip", "x-gzip"})


def is_known(encoding: str) -> bool:
    """Whether a Content-Encoding is one that can be unpacked; several, one in another, are not."""
    return encoding.strip().lower() in _PLAIN | _PACKED


def unpack(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """The body without its compression, but no more than the first `most_bytes + 1`: that one more byte tells
    that there is more.

    Raises `ValueError` for an encoding that is not known, or a body that is not what it says.
    """
    name = encoding.strip().lower()
    if name in _PLAIN:
        return body[: most_bytes + 1]
    if name not in _PACKED:
        raise ValueError(f"is encoded as {name[:20]!r}, which is not accepted")
    pieces: list[bytes] = []
    room = most_bytes + 1
    try:
        while body and room > 0:
            # A gzip file may be several ones after each other.
            reader = zlib.decompressobj(_GZIP)
            pieces.append(reader.decompress(body, room))
            room -= len(pieces[-1])
            body = reader.unused_data
    except zlib.error as error:
        if not any(pieces):
            raise ValueError("is not gzip, as it says") from error
    return b"".join(pieces)
