"""The files of the write-ahead log: their names, and what there is of them in the directory."""

import contextlib
import os
from pathlib import Path
from typing import Final

_PREFIX: Final = "history-wal-"


class WalFiles:
    """All files of the write-ahead log in a directory; each has a number, and a later one a higher number."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path_of(self, number: int) -> Path:
        """Return where the file with a number is, or would be."""
        return self.directory / f"{_PREFIX}{number:08}"

    @property
    def numbers(self) -> list[int]:
        """The numbers of the files that there are, in order. Raises `OSError`."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        found = [name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)]
        return sorted(int(digits) for digits in found if digits.isascii() and digits.isdecimal())

    @property
    def bytes(self) -> int:
        """What they take; 0 where that cannot be told."""
        total = 0
        with contextlib.suppress(OSError):
            for number in self.numbers:
                with contextlib.suppress(FileNotFoundError):
                    total += self.path_of(number).stat().st_size
        return total
