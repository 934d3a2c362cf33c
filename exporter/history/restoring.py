"""Reads from blocks what rules need after a start. Everything here blocks: it runs in a thread."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from exporter.errors import DamagedBlockError
from exporter.history.downsampling import SPIKES
from exporter.history.reading import ReadableBlock, ReadableBlocks, ReadableBlockSource, ReadableColumn
from exporter.model.sample import STALE
from exporter.store import Chunk, RequiredSelector


def read_required(
    blocks: ReadableBlocks, selectors: Iterable[RequiredSelector], start_ms: int, end_ms: int
) -> list[Chunk]:
    """Return the series that satisfy any of the selectors, in (start, end], in the order of time."""
    wanted = list(selectors)
    found: list[Chunk] = []
    for block in blocks.between(start_ms, end_ms):
        try:
            found.extend(_chunks_of(block, wanted, start_ms, end_ms))
        except DamagedBlockError as error:
            blocks.set_aside(block, error)
    return found


def _chunks_of(
    block: ReadableBlock, selectors: list[RequiredSelector], start_ms: int, end_ms: int
) -> list[Chunk]:
    """Return one chunk for each source of a block that has such series."""
    sources: dict[str, ReadableBlockSource] = {}
    indexes: dict[str, set[int]] = {}
    for selector in selectors:
        for source, index in block.select(selector.matchers):
            if source.source.endswith(SPIKES):
                # Old gauges, which stand apart: memory has no such source.
                continue
            sources[source.source] = source
            indexes.setdefault(source.source, set()).add(index)
    chunks = (_chunk_of(source, sorted(indexes[name]), start_ms, end_ms) for name, source in sources.items())
    return [chunk for chunk in chunks if chunk.times]


def _chunk_of(source: ReadableBlockSource, indexes: list[int], start_ms: int, end_ms: int) -> Chunk:
    times = source.times()
    low, high = bisect_right(times, start_ms), bisect_right(times, end_ms)
    chunk = Chunk(source.source, [source.series[index] for index in indexes], is_complete=True)
    chunk.times.extend(times[low:high])
    for number, index in enumerate(indexes):
        for row, value in _changes_in(source.column(index), low, high):
            chunk.add(number, row - low, value)
    return chunk


def _changes_in(column: ReadableColumn, low: int, high: int) -> Iterator[tuple[int, float]]:
    """Yield the value in row `low`, and the changes in the rows after it up to `high`."""
    rows, values = column.rows, column.values
    first = bisect_right(rows, low)
    yield low, values[first - 1] if first else STALE
    for change in range(first, bisect_left(rows, high)):
        yield rows[change], values[change]
