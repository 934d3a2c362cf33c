"""All blocks of a directory."""

import contextlib
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from exporter.errors import DamagedBlockError
from exporter.history.block import Block
from exporter.history.damaged import set_aside
from exporter.history.reading import ReadableBlock
from exporter.log import get_logger

_log = get_logger(__name__)


class Blocks:
    """The blocks of a directory, which only one process may change.

    Everything blocks, and is safe for several threads. `damaged` counts files that were set aside, `dropped`
    blocks that were deleted, by what they went beyond: the retention by time, or by size.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._blocks: list[Block] = []
        self._lock = threading.Lock()
        self.damaged = 0
        self.dropped = Counter({"time": 0, "size": 0})

    def load(self) -> None:
        """Open what there is, and delete what was not finished. Raises `OSError`."""
        for path in self._directory.glob("history-*.block.tmp"):
            path.unlink()
        for path in sorted(self._directory.glob("history-*.block")):
            self.add(path)

    def path_of(self, start_ms: int, end_ms: int, sequence: int) -> Path:
        """Return where a block is, or is to be written."""
        return self._directory / f"history-{start_ms}-{end_ms}-{sequence:08}.block"

    @property
    def last_sequence(self) -> int:
        """The highest sequence of all; 0 without any."""
        return max((block.sequence for block in self._blocks), default=0)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._blocks)

    @property
    def bytes(self) -> int:
        """What they take on disk."""
        return sum(block.bytes for block in self._blocks)

    def add(self, path: Path) -> None:
        """Take in a block that was written."""
        try:
            block = Block.open(path)
        except DamagedBlockError as error:
            self._tell(path, error)
            return
        with self._lock:
            kept = [one for one in self._blocks if one.path != path]
            self._blocks = sorted([*kept, block], key=lambda one: (one.start_ms, one.sequence))

    def drop_old(self, before_ms: int) -> None:
        """Delete blocks whose samples are all older than a moment (milliseconds). Raises `OSError`."""
        self._drop([one for one in self._blocks if one.end_ms < before_ms], "time")

    def drop_much(self, max_bytes: int) -> None:
        """Delete the oldest blocks until the others take no more than this. Raises `OSError`."""
        over = self.bytes - max_bytes
        gone: list[Block] = []
        for block in self._blocks:
            if over <= 0:
                break
            over -= block.bytes
            gone.append(block)
        self._drop(gone, "size")

    def _drop(self, gone: Sequence[Block], reason: str) -> None:
        for block in gone:
            # Whoever is reading it has it open.
            block.path.unlink(missing_ok=True)
            with self._lock:
                self._blocks = [one for one in self._blocks if one is not block]
            self.dropped[reason] += 1

    def between(self, start_ms: int, end_ms: int) -> Sequence[Block]:
        """Those with samples in a range of time, the oldest first, of one time by their sequence."""
        return [one for one in self._blocks if one.start_ms <= end_ms and one.end_ms > start_ms]

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        """Take out a block that has turned out to be damaged, so that nobody reads it again."""
        with self._lock:
            if block not in self._blocks:
                return
            self._blocks = [one for one in self._blocks if one is not block]
        assert isinstance(block, Block)
        self._tell(block.path, error)

    def _tell(self, path: Path, error: DamagedBlockError) -> None:
        self.damaged += 1
        _log.error("a block of the history is set aside", reason=error)
        with contextlib.suppress(OSError):
            set_aside(path)
