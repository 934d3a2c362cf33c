"""A cluster of three nodes. (They do what they do in real time.)"""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.real_time import wait
from tests.crossings.stage import REDIS_6, Scene, Stage, Within
from tests.servers import RealServer

_SLOTS: Final = ((0, 5460), (5461, 10922), (10923, 16383))


def _cluster(stage: Stage, *arguments: str) -> list[RealServer]:
    """Three primaries that know each other; all are watched as the cluster of the scene's name."""
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "500", *arguments)
    nodes = [stage.start(*options) for _ in _SLOTS]
    for epoch, (node, (first, last)) in enumerate(zip(nodes, _SLOTS, strict=True), 1):
        node.command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        node.command("CLUSTER", "ADDSLOTS", *range(first, last + 1))
    for node in nodes[1:]:
        nodes[0].command("CLUSTER", "MEET", "127.0.0.1", node.port)
    _wait_for(nodes, "cluster_state", "ok")
    _wait_for(nodes, "cluster_slots_ok", "16384")
    for number, node in enumerate(nodes):
        stage.watch_url(node.url, str(number), labels={"cluster": stage.name})
    return nodes


def _wait_for(nodes: list[RealServer], field: str, value: str) -> None:
    wait(lambda: all(str(node.client.cluster("info")[field]) == value for node in nodes))


async def _cluster_down(stage: Stage) -> AsyncGenerator[None]:
    nodes = _cluster(stage)
    yield
    nodes[2].kill()
    _wait_for(nodes[:2], "cluster_state", "fail")
    yield
    nodes[2].start()
    _wait_for(nodes, "cluster_state", "ok")


async def _cluster_interrupted(stage: Stage) -> AsyncGenerator[None]:
    nodes = _cluster(stage)
    yield
    nodes[0].command("CLUSTER", "DELSLOTS", 0)
    _wait_for(nodes[:1], "cluster_state", "fail")
    for node in nodes[1:]:
        node.command("CLUSTER", "DELSLOTS", 0)
    _wait_for(nodes, "cluster_state", "fail")
    await stage.daemon.pass_time("16s")
    for node in nodes:
        node.command("CLUSTER", "ADDSLOTS", 0)
        break
    _wait_for(nodes, "cluster_state", "ok")
    yield


async def _slots_failing(stage: Stage) -> AsyncGenerator[None]:
    nodes = _cluster(stage, "--cluster-require-full-coverage", "no")
    yield
    nodes[2].kill()
    _wait_for(nodes[:2], "cluster_slots_fail", "5461")
    yield
    nodes[2].start()
    _wait_for(nodes, "cluster_slots_fail", "0")


async def _slots_unassigned(stage: Stage) -> AsyncGenerator[None]:
    nodes = _cluster(stage, "--cluster-require-full-coverage", "no")
    yield
    for node in nodes:
        node.command("CLUSTER", "DELSLOTS", 0)
    _wait_for(nodes, "cluster_slots_assigned", "16383")
    yield
    nodes[0].command("CLUSTER", "ADDSLOTS", 0)
    _wait_for(nodes, "cluster_slots_assigned", "16384")


async def _node_lost(stage: Stage) -> AsyncGenerator[None]:
    nodes = _cluster(stage, "--cluster-require-full-coverage", "no")
    fourth = stage.start("--cluster-enabled", "yes", "--cluster-node-timeout", "500")
    nodes[0].command("CLUSTER", "MEET", "127.0.0.1", fourth.port)
    _wait_for(nodes, "cluster_known_nodes", "4")
    yield
    identity = fourth.command("CLUSTER", "MYID")
    fourth.stop()
    nodes[0].command("CLUSTER", "FORGET", identity)
    yield
    for node in nodes[1:]:
        node.command("CLUSTER", "FORGET", identity)
    _wait_for(nodes, "cluster_known_nodes", "3")


SCENES: Final = (
    Scene(
        "one of three primaries is killed, and it has no replica",
        _cluster_down,
        {"RedisClusterDown": Within("2m", "3m")},
        REDIS_6,
        labels={"cluster": "cluster-down"},
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
    Scene(
        "for a quarter of a minute nobody serves slot 0",
        _cluster_interrupted,
        {"RedisClusterInterrupted": Within("1m", "6m")},
        labels={"cluster": "cluster-interrupted"},
    ),
    Scene(
        "of three primaries that serve what they can, one is killed",
        _slots_failing,
        {"RedisClusterSlotsFailing": Within("2m", "3m")},
        labels={"cluster": "slots-failing"},
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
    Scene(
        "slot 0 is taken from its node",
        _slots_unassigned,
        {"RedisClusterSlotsUnassigned": Within("3m", "3m")},
        REDIS_6,
        labels={"cluster": "slots-unassigned"},
    ),
    Scene(
        "one of three nodes forgets a fourth one that has ended",
        _node_lost,
        {"RedisClusterNodeLost": Within("6m", "3m")},
        REDIS_6,
        labels={"cluster": "node-lost"},
    ),
)
