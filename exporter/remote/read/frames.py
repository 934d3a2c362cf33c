"""The frames of a streamed answer: length, CRC-32C, message.

Source: storage/remote/chunked.go of github.com/prometheus/prometheus.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import google_crc32c

from exporter.errors import VigilError
from exporter.remote.protocol.varint import read_uvarint, uvarint

_CHECKSUM_BYTES: Final = 4
# Of a frame that is received, as `chunked_read_limit` of Prometheus.
_MAX_FRAME_BYTES: Final = 50_000_000


class DamagedStreamError(VigilError):
    """What arrives is no stream of frames, or not the whole of it."""


def write_frame(message: bytes) -> bytes:
    """Return a message with its length and its checksum."""
    checksum: int = google_crc32c.value(message)
    return uvarint(len(message)) + checksum.to_bytes(_CHECKSUM_BYTES, "big") + message


def read_frames(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages of a stream that arrives in pieces. Raises `DamagedStreamError`."""
    held = bytearray()
    for piece in pieces:
        held += piece
        at = 0
        while (found := _message_at(held, at)) is not None:
            message, at = found
            yield message
        del held[:at]
    if held:
        raise DamagedStreamError("the stream ends within a frame")


def _message_at(held: bytearray, at: int) -> tuple[bytes, int] | None:
    """A message and where it ends; None where it has not arrived as a whole."""
    try:
        size, at = read_uvarint(held, at)
    except IndexError:
        return None
    except ValueError:
        raise DamagedStreamError("the stream holds something else than frames") from None
    if size > _MAX_FRAME_BYTES:
        raise DamagedStreamError(
            f"a frame has {size} bytes, more than the {_MAX_FRAME_BYTES} that are accepted"
        )
    end = at + _CHECKSUM_BYTES + size
    if len(held) < end:
        return None
    message = bytes(held[at + _CHECKSUM_BYTES : end])
    if google_crc32c.value(message) != int.from_bytes(held[at : at + _CHECKSUM_BYTES], "big"):
        raise DamagedStreamError("a frame has arrived damaged: its checksum is wrong")
    return message, end
