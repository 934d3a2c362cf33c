"""Replication."""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.real_time import wait
from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within
from tests.servers import RealServer


def is_online(primary: RealServer) -> bool:
    return "state=online" in str(primary.command("INFO", "replication")) or "'online'" in str(
        primary.client.info("replication")
    )


def pair(stage: Stage, *arguments: str) -> tuple[RealServer, RealServer]:
    """A primary and its replica, which has copied everything."""
    primary = stage.start("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", *arguments)
    replica = stage.start("--replicaof", "127.0.0.1", str(primary.port))
    wait(lambda: is_online(primary))
    wait(lambda: replica.client.info("replication")["master_link_status"] == "up")
    return primary, replica


async def _link_down(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    stage.watch(replica)
    yield
    # The primary takes no more connections of its replica.
    primary.command("CONFIG", "SET", "requirepass", "new")
    primary.command("CLIENT", "KILL", "TYPE", "replica")
    wait(lambda: replica.client.info("replication")["master_link_status"] == "down")
    yield
    replica.command("CONFIG", "SET", "masterauth", "new")
    wait(lambda: replica.client.info("replication")["master_link_status"] == "up")


async def _lag(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    stage.watch(primary)
    yield
    replica.pause()
    wait(lambda: primary.client.info("replication")["slave0"]["lag"] > 1)
    yield
    replica.resume()
    wait(lambda: primary.client.info("replication")["slave0"]["lag"] <= 1)


async def _behind(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage, "--client-output-buffer-limit", "replica 256mb 256mb 600")
    stage.watch(primary)
    yield
    replica.pause()
    for number in range(30):
        primary.command("SET", f"k{number}", "x" * 1_000_000)
    yield
    replica.resume()
    wait(lambda: primary.command("WAIT", 1, 1000) == 1)


async def _replica_lost(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    stage.watch(primary)
    yield
    replica.stop()
    yield
    replica.start()
    wait(lambda: is_online(primary))


async def _resync_storm(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    stage.watch(primary)
    yield
    for _ in range(5):
        await stage.daemon.pass_time("1m")
        replica.kill()
        (replica.directory / "dump.rdb").unlink(missing_ok=True)
        replica.start()
        wait(lambda: is_online(primary))
    yield


async def _promoted(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    stage.watch(primary, "primary")
    stage.watch(replica, "replica")
    yield
    await stage.daemon.pass_time("10m")
    stage.crosses_now()
    replica.command("REPLICAOF", "NO", "ONE")
    primary.command("REPLICAOF", "127.0.0.1", replica.port)
    wait(lambda: is_online(replica))
    yield


SCENES: Final = (
    Scene(
        "the primary gets another password, which its replica does not know",
        _link_down,
        {"RedisReplicationLinkDown": Within("2m", "3m")},
        REDIS_6,
    ),
    Scene(
        "the replica is stopped (SIGSTOP)",
        _lag,
        {"RedisReplicationLag": Within("3m", "3m")},
    ),
    Scene(
        "the replica is stopped (SIGSTOP), and the primary writes 30 MB",
        _behind,
        {"RedisReplicationBehind": Within("6m", "3m")},
        REDIS_7,
        besides=frozenset({"RedisReplicationLag"}),
    ),
    Scene(
        "the replica ends",
        _replica_lost,
        {"RedisReplicaLost": Within("6m", "3m")},
        REDIS_6,
    ),
    Scene(
        "the replica copies everything anew, five times within five minutes",
        _resync_storm,
        {"RedisResyncStorm": Within("5m", "31m")},
    ),
    Scene(
        "the replica is made the primary, and the primary its replica",
        _promoted,
        {"RedisPromoted": Within("1m", "16m")},
    ),
)
