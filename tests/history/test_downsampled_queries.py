"""What queries see of downsampled blocks lies within bounds of what they saw before."""

import random
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.compaction import DAY_MS, compact
from exporter.history.source import HistorySource
from exporter.model.labels import Labels
from exporter.promql import Engine, Matrix, parse
from exporter.store import Store

STEP, MINUTE, HOUR = 15_000, 60_000, 3_600_000
ROWS = DAY_MS // STEP
NAMES = ["steady_total", "bursts_total", "restarted_total", "noise", "spikes", "level"]


def values_of(chance: random.Random) -> list[list[float]]:
    """A day of what servers say: counters that grow evenly, in bursts and with restarts, and gauges."""
    steady = list(accumulate([30.0] * ROWS))
    bursts = list(accumulate(float(chance.choice([0, 0, 0, 0, 0, 0, 0, 5_000])) for _ in range(ROWS)))
    restarted, at = [], 0.0
    for _ in range(ROWS):
        at = 0.0 if chance.random() < 0.002 else at + chance.randrange(50)
        restarted.append(at)
    noise = [1_000.0 + chance.randrange(20) for _ in range(ROWS)]
    spikes = [50.0 if chance.random() < 0.99 else 50.0 + chance.randrange(1_000) for _ in range(ROWS)]
    level = list(accumulate(float(chance.randrange(-3, 4)) for _ in range(ROWS)))
    return [steady, bursts, restarted, noise, spikes, level]


def column_of(values: Sequence[float]) -> Column:
    moved = [row for row in range(ROWS) if not row or values[row] != values[row - 1]]
    return Column(array("I", moved), array("d", [values[row] for row in moved]))


class Day:
    """A day on disk, once with all samples and once downsampled."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.values = dict(zip(NAMES, values_of(random.Random(seed)), strict=True))
        self.full, self.thin = (self._written(directory / name) for name in ("full", "thin"))
        assert compact(self.thin, now_ms=10 * DAY_MS, downsample_after_ms=2 * DAY_MS) == 1

    def _written(self, directory: Path) -> Blocks:
        directory.mkdir()
        blocks = Blocks(directory)
        times = array("q", range(0, DAY_MS, STEP))
        path = blocks.path_of(times[0], times[-1], 1)
        writer = BlockWriter(path)
        # A restart is of a server of its own: around it all of its series have two rows more.
        for source, names in (("restarted", NAMES[2:3]), ("here", [*NAMES[:2], *NAMES[3:]])):
            series = [Labels({"__name__": name}) for name in names]
            writer.add(source, series, times, [column_of(self.values[name]) for name in names])
        writer.close()
        blocks.add(path)
        return blocks

    def both(self, query: str, step: int) -> list[tuple[int, float, float]]:
        """Moment, what all samples say, and what is left of them."""
        found = []
        for blocks in (self.full, self.thin):
            engine = Engine(Store(), history=HistorySource(Store(), blocks))
            value = engine.range(parse(query), 2 * HOUR, DAY_MS - HOUR, step).value
            assert isinstance(value, Matrix)
            found.append(value.series[0].points)
        return [(at_ms, full, thin) for (at_ms, full), (_, thin) in zip(*found, strict=True)]

    def samples(self, name: str, start_ms: int, end_ms: int) -> list[float]:
        """The values in (start, end]."""
        return self.values[name][start_ms // STEP + 1 : end_ms // STEP + 1]


@pytest.fixture(params=range(3))
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Day:
    return Day(tmp_path, request.param)


def growth(values: Sequence[float]) -> float:
    return sum(after - before if after >= before else after for before, after in pairwise(values))


def test_a_rate_is_what_it_was_but_for_a_minute_at_each_end(day: Day) -> None:
    for name in ("steady_total", "bursts_total", "restarted_total"):
        busiest = max(
            growth(day.samples(name, start, start + MINUTE + STEP))
            for start in range(0, DAY_MS - HOUR, MINUTE)
        )
        for range_ms in (5 * MINUTE, HOUR):
            for _, full, thin in day.both(f"increase({name}[{range_ms}ms])", 77_000):
                # It is extrapolated to the whole range from both ends, each at most a minute further in.
                assert abs(full - thin) <= 2 * busiest + 0.35 * full


def test_an_even_counter_has_the_rate_that_it_had(day: Day) -> None:
    for range_ms in (5 * MINUTE, HOUR):
        for _, full, thin in day.both(f"rate(steady_total[{range_ms}ms])", 77_000):
            assert thin == pytest.approx(full, rel=0.01)


def test_a_value_is_one_of_the_last_minute(day: Day) -> None:
    for name in ("steady_total", "bursts_total", "restarted_total", "level"):
        for at_ms, _, thin in day.both(name, 77_000):
            assert thin in day.samples(name, at_ms - MINUTE - 2 * STEP, at_ms)


def test_at_the_end_of_a_minute_everything_is_exact(day: Day) -> None:
    for name in NAMES:
        for at_ms, full, thin in day.both(f"{name} offset 15s", MINUTE):
            assert full == thin, (name, at_ms)


def test_extremes_are_what_they_were_to_a_twentieth(day: Day) -> None:
    for name in ("noise", "spikes"):
        for at_ms, _, thin in day.both(f"max_over_time({name}[1h])", 77_000):
            assert thin <= max(day.samples(name, at_ms - HOUR - 2 * MINUTE, at_ms))
            assert thin >= 0.95 * max(day.samples(name, at_ms - HOUR + MINUTE, at_ms - MINUTE))
