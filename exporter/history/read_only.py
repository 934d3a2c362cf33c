"""Reads the history in a directory of another process, which may be running, and changes nothing there."""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from exporter.errors import DamagedBlockError
from exporter.history.block import Block
from exporter.history.blocks import Blocks, replaced_by
from exporter.history.page_cache import BlockCache
from exporter.history.reading import ReadableBlock
from exporter.history.sealing import Sealer
from exporter.history.wal_files import WalFiles

# A block may go away between being listed and being opened: others have been made of it then.
_ATTEMPTS = 5


class ReadOnlyBlocks:
    """The blocks of a directory, and what its write-ahead log holds besides.

    Files of the write-ahead log are copied to `scratch`, an empty directory of our own, and sealed there.
    `problems` are what is damaged, each in one sentence. Everything blocks.
    """

    def __init__(self, directory: Path, scratch: Path) -> None:
        self._directory = directory
        self._scratch = scratch
        self._blocks: list[Block] = []
        self._cache = BlockCache()
        self.problems: list[str] = []

    def load(self) -> None:
        """Open what there is. Raises `OSError`."""
        # In this order, so that what is sealed meanwhile is there as a block.
        sealed = self._seal_copies()
        blocks = self._open_blocks()
        known = {block.sequence for block in blocks}
        self._blocks = blocks + [block for block in sealed if block.sequence not in known]
        self._blocks.sort(key=lambda one: (one.start_ms, one.sequence))
        self._leave_out_replaced()

    def between(self, start_ms: int, end_ms: int) -> Sequence[Block]:
        """Those with samples in a range of time, the oldest first, of one time by their sequence."""
        return [one for one in self._blocks if one.start_ms <= end_ms and one.end_ms > start_ms]

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        """Leave out a block that has turned out to be damaged; its file stays where it is."""
        if block in self._blocks:
            self._blocks = [one for one in self._blocks if one is not block]
            self.problems.append(str(error))

    def _seal_copies(self) -> Sequence[Block]:
        """What is in the write-ahead log, as blocks."""
        files, copies = WalFiles(self._directory), WalFiles(self._scratch)
        for number in files.numbers:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(files.path_of(number), copies.path_of(number))
        blocks = Blocks(self._scratch)
        sealer = Sealer(copies, blocks, lambda: False)
        sealer.seal_all(lambda: None)
        if sealer.numbers.damaged:
            self.problems.append("a file of the write-ahead log is damaged: what follows there is left out")
        return blocks.between(-(1 << 62), 1 << 62)

    def _leave_out_replaced(self) -> None:
        """Leave out blocks that another one stands for: a daemon is about to remove them, or ended before."""
        gone = replaced_by(list(self._blocks), self.set_aside)
        self._blocks = [block for block in self._blocks if block.path.name not in gone]

    def _open_blocks(self) -> list[Block]:
        for attempt in range(_ATTEMPTS):
            self.problems = [] if attempt else self.problems
            with contextlib.suppress(FileNotFoundError):
                return self._open_all()
        return self._open_all()

    def _open_all(self) -> list[Block]:
        found = []
        for path in sorted(self._directory.glob("history-*.block")):
            try:
                found.append(Block.open(path, self._cache))
            except DamagedBlockError as error:
                self.problems.append(str(error))
        return found
