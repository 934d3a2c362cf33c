"""`stamp_of`: tells a file from what stood there before, without reading it."""

from pathlib import Path

FileStamp = tuple[int, int, int] | None
"""When it was written (nanoseconds), its size in bytes, and its inode; None: it is not there."""


def stamp_of(path: Path | None) -> FileStamp:
    """The stamp of a file, also where it cannot be looked at (None)."""
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
