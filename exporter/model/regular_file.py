"""Files that are none: a pipe, a socket or a device in the place of a file is waited for without end.

A pipe is read as far as somebody writes to it in good time, as `--config <(…)` has it.
"""

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

_PATIENCE_SECONDS: Final = 5.0
_PIECE: Final = 1 << 16


def is_special(path: Path) -> bool:
    """Whether there is something that is neither a file nor a directory."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_named_pipe(path: Path) -> bool:
    """Whether there is a pipe of the file system, and none that a shell has opened, as `<(…)`."""
    if not is_special(path) or not stat.S_ISFIFO(path.stat().st_mode):
        return False
    # Those of a shell are links to names that no file has, such as `pipe:[12]`.
    return os.path.exists(os.path.realpath(path))


def quarantine(path: Path) -> Path:
    """Rename what is no file, and return the new name; raises `OSError`."""
    aside = path.with_name(f"{path.name}.no_file")
    path.replace(aside)
    return aside


def read_file(path: Path, most_bytes: int) -> bytes:
    """Return the content, at most so many bytes of it.

    Raises `OSError`, also where nobody writes to a pipe.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        waits = stat.S_ISFIFO(mode)
        return _read(descriptor, most_bytes, time.monotonic() + _PATIENCE_SECONDS if waits else None)
    finally:
        os.close(descriptor)


def _read(descriptor: int, most_bytes: int, ends_at: float | None) -> bytes:
    content = bytearray()
    while len(content) < most_bytes:
        if ends_at is not None:
            _wait(descriptor, ends_at)
        piece = os.read(descriptor, min(_PIECE if ends_at else most_bytes, most_bytes - len(content)))
        if not piece:
            break
        content += piece
    return bytes(content)


def _wait(descriptor: int, ends_at: float) -> None:
    """Wait until a pipe has something, or its end."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(0.0, ends_at - time.monotonic()) * 1000):
        raise TimeoutError(errno.ETIMEDOUT, "it is a pipe, and nobody writes to it")
