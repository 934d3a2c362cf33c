"""The cache."""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within

_EXPIRE: Final = "for i = 1, ARGV[1] do redis.call('SET', ARGV[2] .. i, 1, 'PX', ARGV[3]) end"


async def _hit_rate(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("SET", "here", "x")
    yield
    misses = stage.every(15, lambda: server.client.mget(["here"] * 20 + ["gone"] * 30))
    yield
    misses.cancel()
    stage.every(15, lambda: server.client.mget(["here"] * 50))


async def _evictions(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru")
    value = "x" * 100_000
    yield
    writes = stage.every(
        15, lambda: server.client.mset({f"k:{stage.daemon.seconds}:{n}": value for n in range(50)})
    )
    yield
    writes.cancel()


async def _expiry_behind(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "-1")
    yield
    # What is found out while many have expired stays known when nothing looks for more.
    for _ in range(100):
        server.command("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        server.command("EVAL", _EXPIRE, 0, 100_000, "k", 1)
        server.command("DEBUG", "SET-ACTIVE-EXPIRE", 1)
        stale = 0.0
        while server.command("DBSIZE") > 20_000 and stale < 30:
            stale = float(server.client.info("stats")["expired_stale_perc"])
        if stale >= 30:
            break
    server.command("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    yield
    server.command("DEBUG", "SET-ACTIVE-EXPIRE", 1)
    while float(server.client.info("stats")["expired_stale_perc"]) > 20:
        server.command("DBSIZE")


async def _expiry_storm(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "-1")
    yield
    storm = stage.every(15, lambda: server.command("EVAL", _EXPIRE, 0, 20_000, "k", 1))
    yield
    storm.cancel()


SCENES: Final = (
    Scene(
        "of the look-ups 60 % find no key",
        _hit_rate,
        {"RedisHitRateLow": Within("12m", "6m")},
        REDIS_6,
    ),
    Scene(
        "three keys per second are evicted",
        _evictions,
        {"RedisEvictions": Within("5m", "6m")},
        REDIS_6,
        besides=frozenset({"RedisMemoryHigh", "RedisMemoryFull"}),
    ),
    Scene(
        "100,000 keys expire at once, and the server does not get on with deleting them",
        _expiry_behind,
        {"RedisExpiryBehind": Within("16m", "3m")},
        REDIS_7,
    ),
    Scene(
        "1,300 keys per second expire",
        _expiry_storm,
        {"RedisExpiryStorm": Within("7m", "6m")},
    ),
)
