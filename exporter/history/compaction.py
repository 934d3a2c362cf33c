"""Compaction: the blocks of a day that is over become one, and old ones are downsampled.

Everything here blocks: it runs in a thread, and holds the columns of one source in memory at a time.
"""

import errno
import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Final

from exporter.errors import DamagedBlockError
from exporter.history.block import Block, BlockSource
from exporter.history.block_writer import SMALL, BlockWriter
from exporter.history.blocks import Blocks
from exporter.history.column import Column, is_same
from exporter.history.covering import RowSpan, cover
from exporter.history.downsampling import RESOLUTION_MS, SPIKES, thin, thin_apart
from exporter.history.sealing import StoppedError
from exporter.model.labels import Labels
from exporter.model.sample import STALE

DAY_MS: Final = 86_400_000
# What is written late has come by then.
_SETTLED_MS: Final = 3_600_000
_ALWAYS: Final = (-(1 << 62), 1 << 62)


def compact(
    blocks: Blocks, *, now_ms: int, downsample_after_ms: int, has_stopped: Callable[[], bool] = lambda: False
) -> int:
    """Make one block of those of each day that is over, downsampled where that is old enough.

    A block that turns out to be damaged is set aside; its day comes the next time. Returns how many days were
    looked through. Raises `OSError` where that fails, or where there is not the room for it; `StoppedError`.
    """
    written = 0
    for day, members in groupby(blocks.all, lambda block: block.start_ms // DAY_MS):
        end_ms = (day + 1) * DAY_MS
        together = list(members)
        resolution_ms = RESOLUTION_MS if end_ms + downsample_after_ms <= now_ms else 0
        is_due = len(together) > 1 or any(one.resolution_ms < resolution_ms for one in together)
        if end_ms + _SETTLED_MS > now_ms or not is_due or _is_interleaved(blocks, together):
            continue
        _join(blocks, together, resolution_ms, has_stopped)
        written += 1
    return written


def _is_interleaved(blocks: Blocks, together: Sequence[Block]) -> bool:
    """Whether another block of the same time counts more than some of these, and less than others."""
    low, high = min(one.sequence for one in together), max(one.sequence for one in together)
    start_ms, end_ms = min(one.start_ms for one in together), max(one.end_ms for one in together)
    others = [one for one in blocks.between(start_ms - 1, end_ms) if one not in together]
    return any(low < one.sequence < high for one in others)


def _join(
    blocks: Blocks, together: Sequence[Block], resolution_ms: int, has_stopped: Callable[[], bool]
) -> None:
    ordered = sorted(together, key=lambda block: block.sequence)
    # Found out before a day is decoded, since it is tried again and again.
    if blocks.free_bytes < sum(block.bytes for block in together):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path = blocks.path_of(
        min(one.start_ms for one in ordered), max(one.end_ms for one in ordered), ordered[-1].sequence
    )
    replaced = [one.path.name for one in ordered if one.path != path]
    writer = BlockWriter(
        path,
        resolution_ms=max(resolution_ms, min(one.resolution_ms for one in ordered)),
        level=SMALL,
        replaces=replaced,
    )
    try:
        names = _source_names(blocks, ordered)
        for name in names:
            if has_stopped():
                raise StoppedError
            series, times, columns = _merged(_parts(blocks, ordered, name))
            if not resolution_ms:
                writer.add(name, series, times, columns)
            elif name + SPIKES in names:
                # Rows that came late to a day whose spikes stand apart already: a name is there once.
                kept = thin(series, times, columns)
                writer.add(name, series, kept.times, kept.columns)
            else:
                for part, labels, kept in thin_apart(name, series, times, columns):
                    writer.add(part, labels, kept.times, kept.columns)
        writer.close()
    except DamagedBlockError:
        # It is set aside, and the others come the next time.
        writer.abort()
        return
    except BaseException:
        writer.abort()
        raise
    blocks.replace(ordered, path)


def _source_names(blocks: Blocks, ordered: Sequence[Block]) -> Sequence[str]:
    names: set[str] = set()
    for block in ordered:
        with _blaming(blocks, block):
            names.update(source.source for source in block.sources)
    return sorted(names)


def _parts(blocks: Blocks, ordered: Sequence[Block], name: str) -> "Sequence[_Part]":
    """Return what each block has of a source, decoded, in the order in which they count."""
    found = []
    for block in ordered:
        with _blaming(blocks, block):
            source = block.source(name)
            if source is not None:
                found.append(_Part(source))
    return found


@contextmanager
def _blaming(blocks: Blocks, block: Block) -> Iterator[None]:
    """Set a block aside that turns out to be damaged."""
    try:
        yield
    except DamagedBlockError as error:
        blocks.set_aside(block, error)
        raise


class _Part:
    """The rows of a source in one block, decoded."""

    def __init__(self, source: BlockSource) -> None:
        self.times = source.times()
        self.columns = {labels: source.column(index) for index, labels in enumerate(source.series)}


def _merged(parts: Sequence[_Part]) -> "tuple[list[Labels], array[int], list[Column]]":
    """Return the series, rows and columns of a source over several blocks."""
    times = array("q")
    spans = cover([part.times for part in parts], *_ALWAYS)
    for span in spans:
        times.extend(parts[span.timeline].times[span.low : span.high])
    series = list(dict.fromkeys(labels for part in parts for labels in part.columns))
    columns = [_column([(span, parts[span.timeline].columns.get(one)) for span in spans]) for one in series]
    return series, times, columns


def _column(pieces: Iterable[tuple[RowSpan, Column | None]]) -> Column:
    """Return the changes of one series over successive rows of several blocks."""
    rows, values = array("I"), array("d")
    done = 0
    for span, column in pieces:
        change = 0 if column is None else bisect_right(column.rows, span.low) - 1
        first = STALE if column is None else column.values[change]
        if not values or not is_same(values[-1], first):
            rows.append(done)
            values.append(first)
        if column is not None:
            end = bisect_left(column.rows, span.high)
            moved = done - span.low
            rows.extend([row + moved for row in column.rows[change + 1 : end]])
            values.extend(column.values[change + 1 : end])
        done += span.high - span.low
    return Column(rows, values)
