"""Sentinel. (Servers and sentinels do what they do in real time.)"""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.real_time import rest, wait
from tests.crossings.replication import pair
from tests.crossings.stage import REDIS_7, Scene, Stage, Within
from tests.servers import RealServer

# They find each other and what is wrong sooner than in ten seconds.
_HASTE: Final = ("info-period", 200, "ping-period", 100, "publish-period", 100, "ask-period", 100)
_RESTARTED: Final = frozenset({"RedisRestarted", "RedisDown"})


def _sentinels(stage: Stage, primary: RealServer, name: str) -> list[RealServer]:
    """Three sentinels that know each other, of which the first is watched."""
    config = (
        f"sentinel monitor {name} 127.0.0.1 {primary.port} 2\nsentinel down-after-milliseconds {name} 500\n"
    )
    sentinels = [stage.start("--sentinel", config=config) for _ in range(3)]
    for sentinel in sentinels:
        sentinel.command("SENTINEL", "DEBUG", *_HASTE)
    for sentinel in sentinels:
        _wait_for(sentinel, name, "num-other-sentinels", "2")
        _wait_for(sentinel, name, "num-slaves", "1")
    stage.watch(sentinels[0])
    return sentinels


def _wait_for(sentinel: RealServer, name: str, field: str, value: str) -> None:
    wait(lambda: value in _facts(sentinel.command("SENTINEL", "MASTER", name)).get(field, ""))


def _facts(reply: list[str]) -> dict[str, str]:
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _wait_for_replica(sentinel: RealServer, name: str, *, down: bool) -> None:
    def is_so() -> bool:
        (replica,) = sentinel.command("SENTINEL", "REPLICAS", name)
        return ("down" in _facts(replica)["flags"] or "disconnected" in _facts(replica)["flags"]) == down

    wait(is_so)


async def _master_down(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    replica.command("CONFIG", "SET", "replica-priority", 0)
    first, *_ = _sentinels(stage, primary, "shop-down")
    yield
    # The replica may not be promoted, so nothing takes its place.
    primary.kill()
    _wait_for(first, "shop-down", "flags", "o_down")
    yield
    primary.start()
    wait(lambda: "down" not in _facts(first.command("SENTINEL", "MASTER", "shop-down"))["flags"])


async def _no_quorum(stage: Stage) -> AsyncGenerator[None]:
    primary, _ = pair(stage)
    first, *others = _sentinels(stage, primary, "shop-quorum")
    yield
    for sentinel in others:
        sentinel.kill()
    rest(1.5)
    yield
    for sentinel in others:
        sentinel.start()
    wait(lambda: "OK" in str(first.command("SENTINEL", "CKQUORUM", "shop-quorum")))


async def _few_sentinels(stage: Stage) -> AsyncGenerator[None]:
    primary, _ = pair(stage)
    _, _, third = _sentinels(stage, primary, "shop-few")
    yield
    third.kill()
    rest(1.5)
    yield
    third.start()
    rest(1.5)


async def _no_replica(stage: Stage) -> AsyncGenerator[None]:
    primary, replica = pair(stage)
    first, *_ = _sentinels(stage, primary, "shop-replica")
    yield
    replica.kill()
    _wait_for_replica(first, "shop-replica", down=True)
    yield
    replica.start()
    _wait_for_replica(first, "shop-replica", down=False)


async def _tilt(stage: Stage) -> AsyncGenerator[None]:
    primary, _ = pair(stage)
    first, *_ = _sentinels(stage, primary, "shop-tilt")
    first.command("SENTINEL", "DEBUG", "tilt-period", 20_000)
    yield
    first.pause()
    rest(2.5)
    first.resume()
    wait(lambda: first.command("INFO", "sentinel")["sentinel_tilt"] == 1)
    yield
    first.command("SENTINEL", "DEBUG", "tilt-period", 100)
    wait(lambda: first.command("INFO", "sentinel")["sentinel_tilt"] == 0)


SCENES: Final = (
    Scene(
        "a primary is killed, and its replica may not take its place",
        _master_down,
        {"RedisSentinelMasterDown": Within("2m", "3m")},
        REDIS_7,
        labels={"master_name": "shop-down"},
    ),
    Scene(
        "two of three sentinels are killed",
        _no_quorum,
        {"RedisSentinelNoQuorum": Within("2m", "3m")},
        REDIS_7,
        labels={"master_name": "shop-quorum"},
    ),
    Scene(
        "one of three sentinels is killed",
        _few_sentinels,
        {"RedisSentinelFewSentinels": Within("6m", "3m")},
        REDIS_7,
        labels={"master_name": "shop-few"},
    ),
    Scene(
        "the only replica is killed",
        _no_replica,
        {"RedisSentinelNoReplica": Within("6m", "3m")},
        REDIS_7,
        labels={"master_name": "shop-replica"},
    ),
    Scene(
        "a sentinel is stopped for two and a half seconds (SIGSTOP)",
        _tilt,
        {"RedisSentinelTilt": Within("1m", "3m")},
        REDIS_7,
        labels={},
    ),
)
