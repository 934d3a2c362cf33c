"""Downsampling leaves out rows of a source that are old: of each minute the last one stays, and what matters.

Rows that stay have their own timestamps, and of them:

- a counter has its exact value in each, and the rows around a reset stay: a rate over some minutes is what it
  was, to within what its ends move;
- a gauge has its exact value at the end of each minute, and where it went further up or down in between than
  at both ends, by more than a twentieth, there as well; in rows that stay because of others it keeps its last
  value;
- where a series begins or ends, or is no number, the rows around that stay.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from exporter.history.column import Column, is_same
from exporter.model.labels import Labels

RESOLUTION_MS: Final = 60_000

SPIKES: Final = "\0spikes"
"""What the name of a source ends with that holds those gauges of another one that have spikes."""

# Names of Prometheus' counters and of what histograms are made of.
_COUNTERS: Final = ("_total", "_count", "_sum", "_bucket")
# A spike is that much beyond both ends of its minute.
_SPIKE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Thinned:
    """The rows that stay, and the columns over them."""

    times: "array[int]"
    columns: Sequence[Column]


def thin(series: Sequence[Labels], times: "array[int]", columns: Sequence[Column]) -> Thinned:
    """Return the rows of a source that stay after downsampling; timestamps in milliseconds."""
    minutes = _Minutes(times)
    return _thinned(minutes, columns, minutes.kept(series, columns))


def thin_apart(
    name: str, series: Sequence[Labels], times: "array[int]", columns: Sequence[Column]
) -> Iterator[tuple[str, Sequence[Labels], Thinned]]:
    """Yield what stays of a source, and apart from that, as a source of its own, its gauges with spikes.

    Otherwise all others had a sample wherever one of these has a spike, and a rate would not be what it was:
    how far it is extrapolated depends on how evenly the samples lie.
    """
    # Rows without any series tell that those of earlier blocks have ended.
    if name.endswith(SPIKES) or not series:
        yield name, series, thin(series, times, columns)
        return
    minutes = _Minutes(times)
    own = minutes.kept(series, columns)
    for suffix, is_wanted in (("", False), (SPIKES, True)):
        places = [place for place, one in enumerate(own) if one.has_spikes is is_wanted]
        if places:
            some = _thinned(minutes, [columns[place] for place in places], [own[place] for place in places])
            yield name + suffix, [series[place] for place in places], some


class _Minutes:
    """The rows of a source by minute; `ends` are the first row of all, and the last one of each minute."""

    def __init__(self, times: "array[int]") -> None:
        self.times = times
        self.of_rows = [at // RESOLUTION_MS for at in times]
        changes = enumerate(pairwise(self.of_rows))
        self.ends = sorted({0, *(row for row, (one, later) in changes if one != later), len(times) - 1})

    def kept(self, series: Sequence[Labels], columns: Sequence[Column]) -> "Sequence[_Kept]":
        """Return the rows that stay because of each series."""
        return [_kept(one, column, self.of_rows) for one, column in zip(series, columns, strict=True)]


def _thinned(minutes: _Minutes, columns: Sequence[Column], own: "Sequence[_Kept]") -> Thinned:
    times, ends = minutes.times, minutes.ends
    kept = sorted({*ends, *(row for one in own for row in one.rows)})
    if len(kept) == len(times):
        return Thinned(times, columns)
    # Most columns are in all rows that stay, or in the ends of minutes: of these it is worked out once.
    counted, shown = _Slots(kept, kept), _Slots(ends, kept)
    thinned = []
    for column, one in zip(columns, own, strict=True):
        slots = counted if one.is_counter else _Slots(_union(ends, one.rows), kept) if one.rows else shown
        thinned.append(slots.over(column))
    return Thinned(array("q", [times[row] for row in kept]), thinned)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows that stay because of one series, besides the ends of minutes; in order."""

    is_counter: bool
    rows: Sequence[int]
    has_spikes: bool = False


def _kept(labels: Labels, column: Column, minutes: Sequence[int]) -> _Kept:
    values = column.values
    if len(values) == 1:
        return _Kept(False, ())
    edges = list(_edges(column))
    falls = _falls(values)
    if labels.name.endswith(_COUNTERS) or not falls:
        around = [row for place in falls for row in (column.rows[place] - 1, column.rows[place])]
        return _Kept(True, sorted({*edges, *around}))
    spikes = set(_spikes(column, minutes))
    return _Kept(False, sorted({*edges, *spikes}), bool(spikes))


def _falls(values: "array[float]") -> list[int]:
    """Return the places of values that are less than the one before."""
    ordered = values.tolist()
    # Most series only rise, and what is in order is sorted at once, in C.
    if math.isfinite(sum(ordered)) and ordered == sorted(ordered):
        return []
    return [place for place, (before, value) in enumerate(pairwise(ordered), 1) if value < before]


def _edges(column: Column) -> Iterator[int]:
    """Yield the rows around each beginning, end and value that is no number."""
    if math.isfinite(sum(column.values)):
        return
    for row, (before, value) in zip(column.rows[1:], pairwise(column.values), strict=True):
        if not (math.isfinite(before) and math.isfinite(value)):
            yield row - 1
            yield row


def _spikes(column: Column, minutes: Sequence[int]) -> Iterator[int]:
    """Yield the rows with the largest and the smallest value of a minute that its ends do not show."""
    before = column.values[0]
    changes = zip(column.rows, column.values, strict=True)
    for _, group in groupby(changes, lambda change: minutes[change[0]]):
        inside = list(group)
        end = inside[-1][1]
        numbers = [change for change in inside if change[1] == change[1]]
        if len(inside) > 1 and numbers:
            shown = [value for value in (before, end) if value == value]
            margin = _SPIKE * max(map(abs, shown), default=0.0)
            high_row, high = max(numbers, key=_value)
            low_row, low = min(numbers, key=_value)
            if high - max(shown, default=-math.inf) > margin:
                yield high_row
            if min(shown, default=math.inf) - low > margin:
                yield low_row
        before = end


def _value(change: tuple[int, float]) -> float:
    return change[1]


def _union(ends: Sequence[int], rows: Sequence[int]) -> Sequence[int]:
    return sorted({*ends, *rows})


class _Slots:
    """Where the value of each row stands: at the next one of some of the rows that stay."""

    def __init__(self, own: Sequence[int], kept: Sequence[int]) -> None:
        places = {row: place for place, row in enumerate(kept)}
        self._of_rows: list[int] = []
        for row in own:
            self._of_rows += [places[row]] * (row + 1 - len(self._of_rows))

    def over(self, column: Column) -> Column:
        """Return a column over the rows that stay: exact in its own ones, and with the last value between."""
        rows, values = array("I"), array("d")
        before = None
        # Of the changes that stand in one place the last one counts. The last row of all always stays.
        last = dict(zip(map(self._of_rows.__getitem__, column.rows), column.values, strict=True))
        for place, value in last.items():
            if before is None or not is_same(before, value):
                rows.append(place)
                values.append(value)
                before = value
        return Column(rows, values)
