"""Restores what a source wrote before a restart."""

from collections.abc import Sequence
from functools import lru_cache

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Family, Kind, Layout, Point, is_stale
from exporter.store.chunk import Chunk
from exporter.store.segment import Segment

# By row of the chunk: values by column.
_Moves = dict[int, dict[int, float | None]]


def restore_chunk(
    chunk: Chunk, known: int, row: int, segments: list[Segment], state: Sequence[float | None]
) -> Sequence[float | None]:
    """Append the rows of a chunk to the segments of its source, as the rows from `row` on.

    The first `known` rows of the chunk are there already. `state` is the newest row; returns the one after
    the chunk.
    """
    moves = _moves(chunk, known)
    if segments and _is_of(segments[-1].layout, chunk.series):
        now = list(state)
    else:
        first = moves.pop(known, {})
        now = [first.get(column) for column in range(len(chunk.series))]
        segments.append(Segment(Layout([_point(series) for series in chunk.series]), row, now))
    for number, columns in sorted(moves.items()):
        moved = [column for column, value in sorted(columns.items()) if now[column] != value]
        for column in moved:
            now[column] = columns[column]
        if moved:
            segments[-1].append(row + number - known, moved, [now[column] for column in moved])
    return now


def _moves(chunk: Chunk, known: int) -> _Moves:
    moves: _Moves = {}
    for column, row, value in zip(chunk.columns, chunk.rows, chunk.values, strict=True):
        moves.setdefault(max(row, known), {})[column] = None if is_stale(value) else value
    return moves


def _is_of(layout: Layout, series: Sequence[Labels]) -> bool:
    return len(layout) == len(series) and all(
        point.series == labels for point, labels in zip(layout.points, series, strict=True)
    )


def _point(series: Labels) -> Point:
    return Point(_family(series.name), "", series.without(METRIC_NAME))


@lru_cache(maxsize=10_000)
def _family(name: str) -> Family:
    return Family(name, Kind.UNTYPED, "Put back after a restart.")
