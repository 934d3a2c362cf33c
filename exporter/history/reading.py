"""What queries need of the blocks on disk, as protocols."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from exporter.errors import DamagedBlockError
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


def never_yield() -> None:
    """Do nothing: nobody else wants to run."""


class ReadableColumn(Protocol):
    """The changes of one series in a block.

    `rows` are the rows at which it changed, the first of them 0, and `values` its values from there on; the
    stale marker stands for none.
    """

    @property
    def rows(self) -> "array[int]":
        """Indexes into the timestamps of the source."""
        ...

    @property
    def values(self) -> "array[float]":
        """One value for each of them."""
        ...

    @property
    def rises(self) -> bool:
        """Whether all are numbers, and none is lower than the one before it."""
        ...


class ReadableBlockSource(Protocol):
    """The rows of one source in a block."""

    @property
    def source(self) -> str:
        """The name of the source."""
        ...

    @property
    def series(self) -> Sequence[Labels]:
        """The labels of its series, each of which has a sample here."""
        ...

    def times(self) -> "array[int]":
        """The timestamps of its rows, in milliseconds. Raises `DamagedBlockError`."""
        ...

    def column(self, index: int) -> ReadableColumn:
        """The changes of a series. Raises `DamagedBlockError`."""
        ...


class ReadableBlock(Protocol):
    """One block: all samples of a span of time."""

    @property
    def sequence(self) -> int:
        """Of two blocks that have the same time of a source that one counts whose number is higher."""
        ...

    @property
    def end_ms(self) -> int:
        """The last moment of that time, in milliseconds."""
        ...

    def source(self, name: str) -> ReadableBlockSource | None:
        """The rows of a source; None where it has none. Raises `DamagedBlockError`."""
        ...

    def select(
        self, matchers: Sequence[Matcher], yield_control: Callable[[], None] = never_yield
    ) -> Iterable[tuple[ReadableBlockSource, int]]:
        """The series that satisfy all matchers, as a source and an index. Raises `DamagedBlockError`.

        `yield_control` is called now and then, also where nothing is found.
        """
        ...


class ReadableBlocks(Protocol):
    """All blocks of a directory."""

    def between(self, start_ms: int, end_ms: int) -> "Sequence[ReadableBlock]":
        """Those with samples in a range of time, in any order."""
        ...

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        """Take out a block that has turned out to be damaged, so that nobody reads it again."""
        ...
