"""Standard streams as other programs leave them to us: closed, full, without a reader, or not in UTF-8."""

import codecs
import errno
import os
import sys
from typing import Final, TextIO

BROKEN_PIPE_STATUS: Final = 141
"""The exit status where nobody reads what is printed, as of a program that SIGPIPE ends."""

_ESCAPE: Final = "redis_vigil.escape"
_CANNOT_WRITE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def prepare_streams() -> None:
    r"""Open what is closed, so that no connection gets its number, and let every character be written.

    One that the encoding of a terminal does not have is written as `\uXXXX`, which JSON has too.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is taken.
            os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_ESCAPE, _escaped)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ESCAPE)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


def flush_output() -> None:
    """Write what is left; raises `OSError` where it cannot be written."""
    if sys.stdout is not None:
        sys.stdout.flush()


def is_about_output(error: OSError) -> bool:
    """Whether standard output could not be written, other than for want of a reader."""
    return error.errno in _CANNOT_WRITE and error.filename is None


def drop_output() -> None:
    """Throw away what could not be written: the interpreter would try again at its end."""
    stream: TextIO | None = sys.stdout
    if stream is not None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.close(devnull)
