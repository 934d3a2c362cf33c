"""The real frameworks: what is counted of ended jobs is what their workers have ended."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.clock import Clock
from exporter.config.samplers.queues import QueuesSection
from exporter.queues import QueueReport, QueuesSampler
from tests.clocks import ShiftedClock
from tests.conftest import StartServer
from tests.live.queues.stage import BURST_SCENES, CELERY_SCENES, FAILING_SCENES, LIMIT_SCENES, Scene
from tests.queues.reading import Memory, Watcher, build_sampler

_TWO_HEARTBEATS_SECONDS = 4.5


@pytest.mark.peers("node", "npm")
@pytest.mark.parametrize("scene", BURST_SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("restarts", [False, True], ids=["one daemon", "a daemon that is restarted"])
def test_bursts_of_jobs_that_are_removed_are_counted_to_the_last(
    scene: Scene, restarts: bool, start_server: StartServer
) -> None:
    server = start_server()
    records = Memory()
    watcher = Watcher(server.url, records=records)
    before = ended = derived = 0.0
    try:
        with scene.play(server.url) as steps:
            for step in steps:
                total = step["completed"] + step["failed"]
                if step["step"] == "quiet":
                    watcher.sample(time.time())
                    report = watcher.read(time.time())["bullmq", "mail"]
                    before = total - sum(report.finished.values())
                    continue
                report = watcher.read(time.time())["bullmq", "mail"]
                assert sum(report.finished.values()) == total - before, step["step"]
                if not sum(report.derived.values()):
                    # Every event was there to be read.
                    assert report.finished["failed"] == pytest.approx(step["failed"], abs=before)
                else:
                    assert report.finished["failed"] == pytest.approx(step["failed"], rel=0.02)
                    derived = sum(report.derived.values())
                ended = total
                if restarts:
                    watcher.__exit__()
                    watcher = Watcher(server.url, records=records)
                    watcher.sample(time.time())
    finally:
        watcher.__exit__()
    assert ended > 29_000
    # The stream keeps about 10,000 events, four or five of each job.
    assert 0 < derived < ended


@pytest.mark.peers("node", "npm")
@pytest.mark.parametrize("scene", FAILING_SCENES, ids=lambda scene: scene.name)
def test_failing_jobs_of_bull_are_counted_although_nobody_keeps_metrics(
    scene: Scene, start_server: StartServer
) -> None:
    server = start_server()
    with scene.play(server.url) as steps, Watcher(server.url) as watcher:
        next(steps)
        watcher.sample(time.time())
        assert watcher.read(time.time())["bull", "email"].finished == {"completed": 0, "failed": 0}
        ended = next(steps)
        report = watcher.read(time.time())["bull", "email"]
        assert report.finished == {"completed": ended["completed"], "failed": ended["failed"]}
        assert ended["failed"] == 400
        assert report.derived == report.finished


@pytest.mark.peers("node", "npm")
@pytest.mark.parametrize("scene", LIMIT_SCENES, ids=lambda scene: scene.name)
def test_what_a_rate_limit_holds_back_and_how_many_schedulers_there_are(
    scene: Scene, start_server: StartServer
) -> None:
    server = start_server()
    with scene.play(server.url) as steps, Watcher(server.url) as watcher:
        step = next(steps)
        watcher.find(time.time())
        found = watcher.read(time.time())
    for queue, milliseconds in step["limited"].items():
        seconds = found["bullmq", queue].rate_limited_seconds
        assert seconds == pytest.approx(milliseconds / 1000, abs=20), queue
        assert (seconds == 0) == (milliseconds == 0), queue
    schedulers = {queue: report.schedulers for (_, queue), report in found.items()}
    assert schedulers == step["schedulers"]


def test_what_celerys_workers_do_is_what_they_tell_themselves(start_server: StartServer) -> None:
    async def compare_all() -> None:
        # All at once: most of it is waiting for workers to start, to tell, and to end.
        async with asyncio.TaskGroup() as group:
            for scene in CELERY_SCENES:
                group.create_task(_compare_celery(scene, start_server().url), name=scene.name)

    asyncio.run(compare_all())


async def _compare_celery(scene: Scene, url: str) -> None:
    clock = ShiftedClock()
    sampler = build_sampler(url, clock)
    played: list[str] = []
    with scene.play(url) as steps:
        try:
            while (step := await asyncio.to_thread(next, steps, None)) is not None:
                if not played:
                    await sampler.find_all(clock.now())
                played.append(step["step"])
                if step.get("silent"):
                    clock.ahead += QueuesSection().silent_after.seconds
                await _until_told(sampler, clock, step, scene.name)
        finally:
            await sampler.close()
    assert played == ["listening", "idle", "running", "busy", "killed", "again", "stopped"]


async def _until_told(sampler: QueuesSampler, clock: Clock, step: Mapping[str, Any], scene: str) -> None:
    """It is told before long, and still after the next two heartbeats, which come every two seconds."""
    deadline = time.monotonic() + 60
    right_since: float | None = None
    while right_since is None or time.monotonic() - right_since < _TWO_HEARTBEATS_SECONDS:
        await sampler.read(clock.now())
        wrong = _differences(step, {report.queue: report for report in sampler.report()})
        right_since = None if wrong else right_since or time.monotonic()
        assert time.monotonic() < deadline, (scene, step["step"], wrong)
        await asyncio.sleep(0.2)


def _differences(step: Mapping[str, Any], found: Mapping[str, QueueReport]) -> list[str]:
    total = found["*"]
    told = {
        **{state: total.jobs.get(state) for state in ("active", "reserved", "delayed")},
        "ended": total.finished.get("unknown"),
        "silent": total.silent_workers,
        "workers": total.workers,
    }
    wrong = [
        f"{key}: {told[key]}, not {value}"
        for key, value in step.items()
        if key in told and told[key] != value
    ]
    if any(report.silent_workers for queue, report in found.items() if queue != "*"):
        wrong.append("a silent worker is told for a queue")
    return wrong
