"""Decides which rows of a source count where several blocks have some of the same time.

That is so after the clock was set back: what is written then is of a time that was written already, and
counts in its place.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class RowSpan(NamedTuple):
    """The rows from `low` to before `high` of one of several timelines."""

    timeline: int
    low: int
    high: int


def cover(timelines: Sequence[Sequence[int]], start_ms: int, end_ms: int) -> list[RowSpan]:
    """The rows that count in (start, end], in order of time.

    Timelines are timestamps in milliseconds, in order. From the first to the last row of one none of those
    before it counts.
    """
    filled = [index for index, times in enumerate(timelines) if len(times)]
    ordered = sorted(filled, key=lambda index: timelines[index][0])
    if all(timelines[one][-1] < timelines[other][0] for one, other in pairwise(ordered)):
        parts = [(index, start_ms, end_ms) for index in ordered]
    else:
        parts = _uncovered(timelines, filled, start_ms, end_ms)
    spans = [
        RowSpan(index, bisect_right(timelines[index], low), bisect_right(timelines[index], high))
        for index, low, high in parts
    ]
    kept = [span for span in spans if span.low < span.high]
    return sorted(kept, key=lambda span: timelines[span.timeline][span.low])


def _uncovered(
    timelines: Sequence[Sequence[int]], filled: Sequence[int], start_ms: int, end_ms: int
) -> list[tuple[int, int, int]]:
    """Each timeline with the ranges (low, high] that no later one covers."""
    gaps = [(start_ms, end_ms)]
    parts: list[tuple[int, int, int]] = []
    for index in reversed(filled):
        first, last = timelines[index][0], timelines[index][-1]
        parts += [(index, low, high) for low, high in gaps if low < last and high >= first]
        gaps = [
            gap
            for low, high in gaps
            for gap in ((low, min(high, first - 1)), (max(low, last), high))
            if gap[0] < gap[1]
        ]
    return parts
