"""The keyspace."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from tests.crossings.stage import REDIS_6, Scene, Stage, Within

CONFIG: Final[Mapping[str, Any]] = {"samplers": {"keyspace": {"interval": "60s"}}}
# For what takes hours, and for what takes a day.
DAY_CONFIG: Final[Mapping[str, Any]] = {
    "global": {"sample_interval": "4m", "evaluation_interval": "4m"},
    "samplers": {"keyspace": {"interval": "25h30m"}, "queues": {"enabled": False}},
}
GROWTH_CONFIG: Final[Mapping[str, Any]] = {
    "global": {"sample_interval": "2m", "evaluation_interval": "2m"},
    "samplers": {"keyspace": {"interval": "5m"}},
}


async def _without_ttl(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru")
    yield
    server.command("DEBUG", "POPULATE", 2000, "session", 10)
    yield
    server.command("FLUSHALL")


async def _huge_key(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    server.command("SETRANGE", "report", 110_000_000, "x")
    yield
    server.command("DEL", "report")


async def _key_grows(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("SETRANGE", "log", 11_000_000, "x")
    yield
    growth = stage.every(60, lambda: server.command("APPEND", "log", "x" * 500_000))
    yield
    growth.cancel()
    server.command("DEL", "log")


async def _pattern_grows(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("DEBUG", "POPULATE", 12_000, "order", 10)
    yield
    count = iter(range(12_000, 1_000_000, 1500))
    growth = stage.every(600, lambda: server.command("DEBUG", "POPULATE", next(count), "order", 10))
    yield
    growth.cancel()
    server.command("FLUSHALL")


async def _scan_old(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("SET", "k", "x")
    yield
    yield


async def _no_recent_save(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("SAVE")
    yield
    server.command("SET", "k", "x")
    yield
    server.command("SAVE")


SCENES: Final = (
    Scene(
        "2,000 keys session:* without TTL, on a server that evicts those with one",
        _without_ttl,
        {"RedisKeysWithoutTtl": Within("12m", "3m")},
    ),
    Scene(
        "a string of 110 MB",
        _huge_key,
        {"RedisHugeKey": Within("2m", "3m")},
        REDIS_6,
        besides=frozenset({"RedisKeyGrows"}),
    ),
    Scene(
        "a string of 11 MB grows by 0.5 MB each minute", _key_grows, {"RedisKeyGrows": Within("17m", "3m")}
    ),
)

GROWTH: Final = (
    Scene(
        "12,000 keys order:* become 1,500 more every ten minutes",
        _pattern_grows,
        {"RedisPatternGrows": Within("3h30m", "20m")},
    ),
)

DAY: Final = (
    Scene(
        "the keyspace is looked through every 25.5 hours only",
        _scan_old,
        {"RedisKeyspaceScanOld": Within("24h45m", "2h")},
    ),
    Scene(
        "after a SAVE one key is written, and a day passes",
        _no_recent_save,
        {"RedisNoRecentSave": Within("24h30m", "20m")},
    ),
)
