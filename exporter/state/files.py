"""Makes the files of a state database for their owner only, checks them, and quarantines damaged ones.

SQLite goes on with the files that it has opened, whatever happens to their names: what is written then is
gone with the process. So each is compared with how it was left, before anything is promised.
"""

import contextlib
import os
import stat
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from exporter.log import get_logger
from exporter.model.regular_file import is_special, quarantine

MAX_KEPT: Final = 5
"""How many damaged files are kept: the first, and the latest of the others."""

_WAL: Final = "-wal"
_INDEX: Final = "-shm"
_SUFFIXES: Final = ("", _WAL, _INDEX)
_OTHERS: Final = 0o077
# What else of ours is in the directory.
_OTHER_NAMES: Final = ("lock", "events.db", "history", "remote_write.json")

_log = get_logger(__name__)


class Change(Enum):
    """A change to the files since they were last noted.

    MOVED: they are not there any more, or others are in their place; what SQLite has open is whole. TOUCHED:
    somebody else has written into them.
    """

    NONE = auto()
    MOVED = auto()
    TOUCHED = auto()


@dataclass(frozen=True, slots=True)
class _Look:
    """How a file looks."""

    identity: tuple[int, int, int]
    content: tuple[int, int]

    @property
    def size(self) -> int:
        return self.content[0]


class DatabaseFiles:
    """The database at a path, its log and the index of that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._noted: dict[str, _Look | None] = {}
        self._has_told_modes = False

    @property
    def is_known(self) -> bool:
        """Whether they have been noted."""
        return bool(self._noted)

    def make_directory(self) -> None:
        """Create the directory for its owner only."""
        directory = self.path.parent
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
        self._tighten_directory(directory)

    def make(self) -> bool:
        """Create the file for its owner only; whether there was none."""
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            self._tighten()
            return False
        self.path.chmod(0o600)
        return True

    def quarantine_special(self) -> None:
        """Rename what is no file in the place of one: reading it would never end."""
        for suffix in _SUFFIXES:
            if is_special(self._named(suffix)):
                aside = quarantine(self._named(suffix))
                _log.error("the state has no file here, going on without", path=aside)

    def note(self) -> None:
        """Take the files as they are now for those that we have written."""
        self._tighten()
        self._noted = {suffix: _look(self._named(suffix)) for suffix in _SUFFIXES}

    def change(self) -> Change:
        """Return what somebody else has done to the files."""
        now = {suffix: _look(self._named(suffix)) for suffix in _SUFFIXES}
        for suffix, before in self._noted.items():
            look = now[suffix]
            if before is not None and (look is None or look.identity != before.identity):
                return Change.MOVED
        index, before = now[_INDEX], self._noted.get(_INDEX)
        if index is not None and before is not None and index.size < before.size:
            # SQLite has it mapped, and reading beyond its end would kill the process. Zeros make SQLite
            # rebuild it.
            os.truncate(self._named(_INDEX), before.size)
        self._tighten()
        for suffix in ("", _WAL):
            look, before = now[suffix], self._noted.get(suffix)
            if look is not None and before is not None and look.content != before.content:
                return Change.TOUCHED
        return Change.NONE

    def is_ours(self) -> bool:
        """Whether the file at the path is the one that was noted."""
        before, look = self._noted.get(""), _look(self.path)
        return before is not None and look is not None and before.identity == look.identity

    def replace(self, made: Path) -> Path | None:
        """Put another file in the place of the database.

        A file that is not ours is quarantined, under the name that is returned.
        """
        quarantined = None if self.is_ours() or not self.path.exists() else self.quarantine()
        made.replace(self.path)
        self._drop_log()
        return quarantined

    def quarantine(self) -> Path:
        """Keep the database under another name, which is returned."""
        kept = sorted(self._kept())
        number = kept[-1] + 1 if kept else 0
        for old in kept[1 : max(1, len(kept) - MAX_KEPT + 2)]:
            for suffix in ("", _WAL):
                self._quarantined(old, suffix).unlink(missing_ok=True)
        quarantined = self._quarantined(number)
        with contextlib.suppress(FileNotFoundError):
            self._named(_WAL).replace(self._quarantined(number, _WAL))
        self.path.replace(quarantined)
        self._drop_log()
        return quarantined

    def _named(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _quarantined(self, number: int, suffix: str = "") -> Path:
        return self._named(f".broken{f'.{number}' if number else ''}{suffix}")

    def _kept(self) -> list[int]:
        """Return the numbers of the files in quarantine."""
        numbers = []
        for one in self.path.parent.glob(f"{self.path.name}.broken*"):
            number = one.name.removeprefix(f"{self.path.name}.broken").removeprefix(".")
            if number == "" or (number.isascii() and number.isdigit()):
                numbers.append(int(number or 0))
        return numbers

    def _drop_log(self) -> None:
        for suffix in (_WAL, _INDEX):
            self._named(suffix).unlink(missing_ok=True)

    def _tighten(self) -> None:
        for suffix in _SUFFIXES:
            self._restrict(self._named(suffix), 0o600)

    def _tighten_directory(self, directory: Path) -> None:
        """Keep others out of the directory, unless something else is in it, too."""
        if stat.S_IMODE(directory.stat().st_mode) & _OTHERS and self._is_all_ours(directory):
            self._restrict(directory, 0o700)

    def _is_all_ours(self, directory: Path) -> bool:
        return all(one.name.startswith((self.path.name, *_OTHER_NAMES)) for one in directory.iterdir())

    def _restrict(self, path: Path, mode: int) -> None:
        """Take permissions from others; logged once."""
        with contextlib.suppress(OSError):
            before = stat.S_IMODE(path.stat().st_mode)
            if not before & _OTHERS:
                return
            path.chmod(mode)
            if not self._has_told_modes:
                _log.info(
                    "the state is for its owner only now", path=path, mode=f"{before:04o} -> {mode:04o}"
                )
            self._has_told_modes = True


def _look(path: Path) -> _Look | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Look((found.st_dev, found.st_ino, found.st_uid), (found.st_size, found.st_mtime_ns))
