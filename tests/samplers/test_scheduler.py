"""Samplers run at their slots, on a loop whose time passes by itself."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any, cast

from exporter.config.samplers.base import SamplerSection
from exporter.model.target import Address, Target
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.slot import SamplerPlan
from tests.clocks import EPOCH, LoopClock, run_virtually


class Runner:
    """Notes when which samplers are run; `takes` is how long each run lasts, `delays` how soon some want to
    run again."""

    def __init__(self, takes: float = 0.0, delays: dict[str, float] | None = None) -> None:
        self.target = Target("cache-1", Address("127.0.0.1", 1))
        specs = {spec.name: spec for spec in SAMPLERS}
        self.plans = [
            SamplerPlan(specs["info"], SamplerSection(), 15.0, 5.0),
            SamplerPlan(specs["slowlog"], SamplerSection(), 15.0, 5.0),
            SamplerPlan(specs["memory"], SamplerSection(), 60.0, 5.0),
        ]
        self.health_sampler = "info"
        self.runs: list[tuple[float, Sequence[str]]] = []
        self._takes = takes
        self._delays = delays or {}

    async def run(self, *names: str) -> None:
        self.runs.append((LoopClock().now() - EPOCH, names))
        await asyncio.sleep(self._takes)

    def next_delay_seconds(self, name: str) -> float | None:
        return self._delays.get(name)

    def times(self, name: str) -> list[float]:
        """When a sampler has run."""
        return [at for at, names in self.runs if name in names]


def scheduled(runner: Runner, seconds: float, **removed: Any) -> None:
    """Run for so many seconds of virtual time; `removed_after` so many the target is taken away."""

    async def scenario() -> None:
        schedule = SampleScheduler(LoopClock())
        schedule.start()
        schedule.add(cast(TargetRunner, runner))
        if removed:
            await asyncio.sleep(removed["removed_after"])
            schedule.remove(cast(TargetRunner, runner))
        await asyncio.sleep(seconds)
        await schedule.stop()

    run_virtually(scenario())


def test_info_comes_first_and_then_everything_at_its_interval() -> None:
    runner = Runner()
    scheduled(runner, 120.5)

    assert runner.runs[:2] == [(0.0, ("info",)), (0.0, ("slowlog", "memory"))]
    times = runner.times("info")[1:]
    assert len(times) == 8
    assert all(abs(later - sooner - 15) < 0.01 for sooner, later in itertools.pairwise(times))
    assert len(runner.times("memory")[1:]) == 2
    assert set(runner.times("memory")[1:]) <= set(times)


def test_a_pass_that_takes_long_holds_nothing_up() -> None:
    runner = Runner(takes=40.0)
    scheduled(runner, 120.5)

    assert len(runner.times("info")) == 9


def test_a_sampler_that_wants_to_run_sooner() -> None:
    runner = Runner(delays={"slowlog": 1.0})
    scheduled(runner, 60.5)

    assert len(runner.times("info")) == 5
    assert 50 < len(runner.times("slowlog")) < 70


def test_a_target_that_is_taken_away_is_left_alone() -> None:
    runner = Runner(delays={"slowlog": 1.0})
    scheduled(runner, 100.0, removed_after=20.0)

    assert max(runner.times("slowlog")) <= 20.0


def test_nothing_runs_after_the_end() -> None:
    runner = Runner(takes=5.0)

    async def scenario() -> None:
        schedule = SampleScheduler(LoopClock())
        schedule.add(cast(TargetRunner, runner))
        await asyncio.sleep(1)
        await schedule.stop()
        await asyncio.sleep(100)

    run_virtually(scenario())
    assert runner.runs == [(0.0, ("info",))]
