"""A lock keeps a directory to one daemon: a second would tell everybody everything twice.

It is an flock on a file in the directory, which ends with the process, however that ends; who holds it stands
in the file, for people. It holds between containers on one machine, and on NFS as far as the mount has locks;
on file systems that have none it is left out.
"""

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from exporter.errors import StateError
from exporter.log import get_logger

FILE_NAME: Final = "lock"
PATIENCE_SECONDS: Final = 1.5
"""How long a process that was just killed may take to be gone."""

_PAUSE_SECONDS: Final = 0.05
_MOST_CHARACTERS: Final = 200
# Errors of file systems without locks.
_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})

_log = get_logger(__name__)


class DirectoryInUseError(StateError):
    """Another process holds the lock."""


class DirectoryLock:
    """The lock of one directory; `holder` tells others who has it."""

    def __init__(self, directory: Path, holder: str) -> None:
        self._path = directory / FILE_NAME
        self._holder = holder
        self._descriptor: int | None = None
        self._is_unsupported = False

    def wait(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Take the lock, at a start; raises `DirectoryInUseError` where somebody has it, and keeps it."""
        ends_at = time.monotonic() + seconds
        while True:
            try:
                return self.hold()
            except DirectoryInUseError:
                if time.monotonic() >= ends_at:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def hold(self) -> None:
        """Have the lock, also where its file was deleted and the directory made anew since.

        Raises `DirectoryInUseError`, and `OSError` where the file cannot be made.
        """
        if self._is_held():
            return
        self.release()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        os.fchmod(descriptor, 0o600)
        # Only for people to read, so that a full disk does not matter.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{self._holder}\n".encode(), 0)

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _is_held(self) -> bool:
        if self._descriptor is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))
        except OSError:
            return False

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryInUseError(
                f"{self._path.parent} is used by another redis-vigil{_told(descriptor)}: "
                "stop that one, or give each a storage.path of its own"
            ) from None
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            if not self._is_unsupported:
                _log.warning(
                    "the file system of storage.path has no locks: a second daemon on it will not be noticed",
                    path=self._path.parent,
                    error=error.strerror,
                )
            self._is_unsupported = True


def _told(descriptor: int) -> str:
    """Return the holder of the lock, as it stands in the file."""
    text = os.pread(descriptor, _MOST_CHARACTERS, 0).decode(errors="replace").strip()
    return f" ({text})" if text and text.isprintable() else ""
