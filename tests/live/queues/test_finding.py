"""The real frameworks: every queue is found, whatever its name, and whatever is the only thing it has."""

import time

import pytest

from tests.conftest import StartServer
from tests.live.queues.stage import (
    LONE_NODE_SCENES,
    LONE_SCENES,
    LONE_SIDEKIQ_SCENE,
    NAME_SCENES,
    Scene,
)
from tests.queues.reading import Watcher, differences

_NODE = pytest.mark.peers("node", "npm")
_SCENES = [
    *(pytest.param(scene, marks=_NODE, id=scene.name) for scene in (*NAME_SCENES, *LONE_NODE_SCENES)),
    *(pytest.param(scene, id=scene.name) for scene in LONE_SCENES),
    pytest.param(LONE_SIDEKIQ_SCENE, marks=pytest.mark.peers("ruby", "sidekiq"), id="sidekiq-lone"),
]


@pytest.mark.parametrize("scene", _SCENES)
def test_a_queue_is_found_by_the_only_thing_it_has(scene: Scene, start_server: StartServer) -> None:
    server = start_server()
    with scene.play(server.url) as steps, Watcher(server.url) as watcher:
        for step in steps:
            at = time.time() + step.get("later", 0)
            watcher.find(at - 70)
            # The indexes and the names of connections are asked within a pass.
            watcher.read(at - 1)
            assert differences({**step, "at": at}, watcher.read(at)) == []
    errors = server.client.info("errorstats")
    assert "errorstat_WRONGTYPE" not in errors
