"""All blocks of a directory."""

import contextlib
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from exporter.errors import DamagedBlockError, NewerBlockError
from exporter.history.block import Block
from exporter.history.block_writer import TEMPORARY, sync_directory
from exporter.history.damaged import set_aside
from exporter.history.page_cache import BlockCache
from exporter.history.reading import ReadableBlock
from exporter.log import get_logger

_SUFFIX = ".block"
_PATTERN = f"history-*{_SUFFIX}"

_log = get_logger(__name__)


class Blocks:
    """The blocks of a directory, which only one process may change.

    Everything blocks, and is safe for several threads. `damaged` counts files that were set aside, `dropped`
    blocks that were deleted, by what they went beyond: the retention by time, or by size. Files of a later
    version are left alone.
    """

    def __init__(self, directory: Path) -> None:
        self.cache = BlockCache()
        self.damaged = 0
        self.dropped = Counter({"time": 0, "size": 0})
        self._directory = directory
        self._blocks: list[Block] = []
        self._lock = threading.Lock()

    def load(self) -> None:
        """Open what there is, and remove what a crash has left. Raises `OSError`."""
        for path in self._directory.glob(_PATTERN + TEMPORARY):
            # What cannot be removed, such as a directory of that name, is in nobody's way.
            with contextlib.suppress(OSError):
                path.unlink()
        for path in sorted(self._directory.glob(_PATTERN)):
            self.add(path)
        self._finish_replacing()

    def _finish_replacing(self) -> None:
        """Remove blocks that another one stands for: the daemon ended before it had."""
        gone = replaced_by(self.all, self.set_aside)
        self._remove([block for block in self.all if block.path.name in gone])

    def path_of(self, start_ms: int, end_ms: int, sequence: int) -> Path:
        """Return where a block is, or is to be written."""
        return self._directory / f"history-{start_ms}-{end_ms}-{sequence:08}{_SUFFIX}"

    @property
    def all(self) -> Sequence[Block]:
        """All of them, in order of time; of one time by their sequence."""
        return list(self._blocks)

    @property
    def free_bytes(self) -> int:
        """What there is room for on the disk. Raises `OSError`."""
        return shutil.disk_usage(self._directory).free

    @property
    def last_sequence(self) -> int:
        """The highest sequence of all; 0 without any."""
        return max((block.sequence for block in self._blocks), default=0)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._blocks)

    @property
    def oldest_ms(self) -> int | None:
        """The time of the oldest sample, in milliseconds; None without any."""
        return min((block.start_ms for block in self._blocks), default=None)

    @property
    def bytes(self) -> int:
        """What they take on disk."""
        return sum(block.bytes for block in self._blocks)

    def add(self, path: Path) -> None:
        """Take in a block that was written."""
        try:
            block = Block.open(path, self.cache)
        except NewerBlockError as error:
            _log.error("a block of the history cannot be read", reason=error)
            return
        except DamagedBlockError as error:
            self._tell(path, error)
            return
        except OSError as error:
            self._tell(path, DamagedBlockError(f"{path.name} cannot be opened: {error.strerror or error}"))
            return
        self._change(without=[path], added=[block])

    def replace(self, old: Sequence[Block], path: Path) -> None:
        """Take in a block that stands for others, and remove these. Raises `OSError`."""
        new = Block.open(path, self.cache)
        # In one step for those who read.
        self._change(without=[path, *(block.path for block in old)], added=[new])
        for block in old:
            if block.path != path:
                block.path.unlink(missing_ok=True)
        sync_directory(self._directory)

    def drop_old(self, before_ms: int) -> None:
        """Delete blocks whose samples are all older than a moment (milliseconds). Raises `OSError`."""
        self._drop([block for block in self.all if block.end_ms < before_ms], "time")

    def drop_much(self, max_bytes: int) -> None:
        """Delete the oldest blocks until the others take no more than this. Raises `OSError`."""
        total, over = self.bytes, []
        for block in sorted(self.all, key=lambda one: (one.end_ms, one.sequence)):
            if total <= max_bytes:
                break
            over.append(block)
            total -= block.bytes
        self._drop(over, "size")

    def _drop(self, blocks: Sequence[Block], reason: str) -> None:
        self.dropped[reason] += len(blocks)
        self._remove(blocks)

    def _remove(self, blocks: Sequence[Block]) -> None:
        if blocks:
            self._change(without=[block.path for block in blocks], added=[])
            for block in blocks:
                block.path.unlink(missing_ok=True)
            sync_directory(self._directory)

    def _change(self, *, without: Sequence[Path], added: Sequence[Block]) -> None:
        gone = set(without)
        with self._lock:
            kept = [block for block in self._blocks if block.path not in gone]
            self._blocks = sorted([*kept, *added], key=lambda one: (one.start_ms, one.sequence))

    def forget_lost(self) -> None:
        """Count a block whose file somebody has deleted, and read it no more."""
        for block in self.all:
            if not block.path.exists():
                self.damaged += 1
                self._change(without=[block.path], added=[])
                _log.error("a block of the history is gone", file=block.path.name)

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
        kept: Path | None = None
        with contextlib.suppress(OSError):
            kept = set_aside(path)
        _log.error(
            "a block of the history is set aside", reason=error, kept_as=kept or "it could not be renamed"
        )


def replaced_by(blocks: Iterable[Block], set_aside: Callable[[Block, DamagedBlockError], None]) -> set[str]:
    """Return the names of files that these blocks stand for; `set_aside` is told of each damaged one."""
    gone: set[str] = set()
    for block in blocks:
        try:
            gone.update(block.replaces)
        except DamagedBlockError as error:
            set_aside(block, error)
    return gone
