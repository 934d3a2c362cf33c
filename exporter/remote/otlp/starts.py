"""Start times of cumulative streams: since when a count counts, as OTLP demands with each point.

Source: opentelemetry.io/docs/specs/otel/metrics/data-model, "Resets and Gaps". The count of a server starts
when the server did; another one when it was first seen, or at the moment at which it is known to have stood
at 0. A count that has gone down has been reset after the point that was sent before.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Final

from exporter.model.sample import Point
from exporter.remote.otlp.snapshot import GroupSnapshot, Run
from exporter.remote.otlp.streams import Metric, SchemaStreams, Stream

NANOSECONDS: Final = 1_000_000
"""Those of a millisecond."""

# What a server says of its start is in whole seconds, and may differ by so much from one time to another.
_SAME_START_SECONDS: Final = 5.0
# Rows of one source that come this much earlier than others before were not just late.
_SET_BACK: Final = 60_000 * NANOSECONDS
_NO_STREAMS: Final = SchemaStreams((), {})


class SourceStreams:
    """The streams of one source, and what was sent of each: its last value, its start.

    Times are in nanoseconds since the epoch. `version` is that of the group when it was sent last.
    """

    __slots__ = ("_last", "_present", "_run", "_run_start", "_starts", "streams", "time", "version")

    def __init__(self) -> None:
        self.streams = _NO_STREAMS
        self.version = -1
        self.time = 0
        self._run = Run()
        self._run_start = 0
        self._last = array("d")
        self._starts = array("Q")
        self._present = bytearray()

    def follow(self, streams: SchemaStreams, group: GroupSnapshot) -> Sequence[tuple[Metric, Stream]]:
        """Go over to a row of a group; returns the streams that were sent and are not in its schema."""
        self._follow_run(group.run)
        if streams is self.streams:
            return ()
        gone = list(self._gone(streams.slots))
        before, last, starts, present = self.streams.slots, self._last, self._starts, self._present
        count = len(streams.slots)
        self._last, self._starts, self._present = (
            array("d", [nan]) * count,
            array("Q", [0]) * count,
            bytearray(count),
        )
        for key, slot in streams.slots.items():
            if (old := before.get(key)) is not None:
                self._last[slot], self._starts[slot] = last[old], starts[old]
                self._present[slot] = present[old]
        self.streams = streams
        return gone

    def time_of(self, group: GroupSnapshot, now_ms: int) -> int:
        """Return the time of what is sent of a row: later than that of what was sent before.

        Unless the clock was set back: then it is earlier, and what it is.
        """
        time = (group.time_ms if group.version != self.version else now_ms) * NANOSECONDS
        if self.time - time > _SET_BACK:
            return time
        return max(time, self.time + NANOSECONDS)

    def _follow_run(self, run: Run | None) -> None:
        if run is None or not run.started_at:
            return
        is_same = (
            run.run_id == self._run.run_id
            if run.run_id
            else abs(run.started_at - self._run.started_at) < _SAME_START_SECONDS
        )
        if not is_same or not self._run_start:
            # A start that is known by the same id may look different once the clock was set.
            self._run, self._run_start = run, int(run.started_at * 1000) * NANOSECONDS

    def _gone(self, kept: Mapping[Point, int]) -> Iterator[tuple[Metric, Stream]]:
        for metric in self.streams.metrics:
            for slot, stream in enumerate(metric.streams, metric.slot):
                if self._present[slot] and stream.key not in kept:
                    yield metric, stream

    @property
    def present(self) -> Iterator[tuple[Metric, Stream]]:
        """All streams that were sent and have not ended."""
        return self._gone({})

    def end(self, slot: int) -> bool:
        """Note that a stream has no value now; returns whether it had one when it was sent last."""
        had_value = bool(self._present[slot])
        self._present[slot] = 0
        return had_value

    def begin(self, slot: int) -> None:
        """Note that a stream that counts nothing has a value."""
        self._present[slot] = 1

    def start(self, slot: int, value: float, time: int, begun_at: int | None) -> int:
        """Return since when a stream counts that has this value at a time.

        `begun_at` is when it stood at 0, where that is known.
        """
        before = self._last[slot]
        if before != before:
            start = self._run_start or (time if begun_at is None else begun_at)
        elif value < before:
            start = max(self.time, self._run_start)
        else:
            start = max(self._starts[slot], self._run_start)
        start = min(start, time)
        self._last[slot], self._starts[slot], self._present[slot] = value, start, 1
        return start
