"""The real frameworks: what we read equals what their own counting functions say.

Jobs are put into every state by a framework's own client and workers; then a worker is killed with -9.
"""

import asyncio
import time

import pytest

from exporter.queues import QueueReport
from tests.conftest import StartServer
from tests.live.queues.stage import (
    LARAVEL_SCENE,
    NODE_SCENES,
    PYTHON_SCENES,
    SIDEKIQ_SCENE,
    SYMFONY_SCENE,
    Scene,
)
from tests.queues.reading import Watcher, build_sampler, differences, read_queues

_SCENES = [
    *(pytest.param(scene, marks=pytest.mark.peers("node", "npm"), id=scene.name) for scene in NODE_SCENES),
    *(pytest.param(scene, id=scene.name) for scene in PYTHON_SCENES),
    pytest.param(SIDEKIQ_SCENE, marks=pytest.mark.peers("ruby", "sidekiq"), id="sidekiq"),
    pytest.param(LARAVEL_SCENE, marks=pytest.mark.peers("php", "php-illuminate-queue"), id="laravel"),
    pytest.param(SYMFONY_SCENE, marks=pytest.mark.peers("php", "php-symfony-redis-messenger"), id="symfony"),
]


# What depends on when it was begun to count.
_COUNTED = ("finished",)


@pytest.mark.parametrize("scene", _SCENES)
def test_what_we_read_is_what_the_framework_counts(scene: Scene, start_server: StartServer) -> None:
    server = start_server()
    played = []
    with scene.play(server.url) as steps, Watcher(server.url) as watcher:
        for step in steps:
            at = time.time() + step.get("later", 0)
            # Once by somebody who has watched from the start, and mostly by one who has just come.
            watcher.find(at)
            found = watcher.read(at)
            assert differences({**step, "at": at}, found, but=_COUNTED) == []
            if step.get("remembered"):
                continue
            found = read_queues(server.url, at)
            assert differences({**step, "at": at}, found) == []
            played.append(step["step"])
    assert played[0] == "filled"


def test_workers_of_celery_are_known_by_their_heartbeats(start_server: StartServer) -> None:
    server = start_server()
    celery = next(scene for scene in PYTHON_SCENES if scene.name == "celery")
    with celery.play(server.url) as steps:
        next(steps)
        alive = asyncio.run(_watch_celery(server.url))
    assert {queue: report.workers for queue, report in alive.items()} == {
        "*": 1,
        "celery": 1,
        "empty": 1,
        "mail": 1,
    }


async def _watch_celery(url: str) -> dict[str, QueueReport]:
    """The queues once the sampler has listened for long enough to know the workers."""
    sampler = build_sampler(url)
    try:
        await sampler.find_all(time.time())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            await sampler.read(time.time())
            if all(report.workers is not None for report in sampler.report()):
                break
            await asyncio.sleep(0.5)
        return {report.queue: report for report in sampler.report()}
    finally:
        await sampler.close()
