"""Snappy's block format, which remote write and remote read compress their messages with.

Source: https://github.com/google/snappy/blob/main/format_description.txt. (The framed format is another one.)
"""

import cramjam


def compress(data: bytes | bytearray) -> bytes:
    """Return one compressed block. Takes about a millisecond a megabyte: much of it belongs in a thread."""
    return bytes(cramjam.snappy.compress_raw(data))


def decompress(block: bytes, most_bytes: int) -> bytes:
    """Return what was compressed.

    Raises `ValueError` with one sentence for what is no such block, and, before anything is unpacked, for one
    that says it holds more than `most_bytes`.
    """
    try:
        size = cramjam.snappy.decompress_raw_len(block)
        if size > most_bytes:
            raise ValueError(f"unpacks to {size} bytes, more than the {most_bytes} that are accepted")
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError:
        raise ValueError("is not compressed with snappy (its block format)") from None
