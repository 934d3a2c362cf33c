"""The slow log. (A busy loop in Lua is slow on every server.)"""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within
from tests.servers import RealServer

# Microseconds in which nothing else runs.
_BUSY: Final = (
    "local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end "
    "local last = now() + ARGV[1] repeat until now() > last"
)


def _sleep(server: RealServer, seconds: float, times: int = 1) -> None:
    for _ in range(times):
        server.command("DEBUG", "SLEEP", seconds)


async def _slow_commands(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "100000")
    yield
    # Of a pattern of its own each, so that it is no one's burst.
    for shape in range(4):
        _sleep(server, 0.12)
        server.command("EVAL", _BUSY, shape, *["k"] * shape, 120_000)
        server.command("EVAL", f"{_BUSY} return {shape}", 0, 120_000)
    yield


async def _slow_pattern(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "100000")
    _sleep(server, 0.12)
    yield
    _sleep(server, 0.12, 7)
    yield


async def _very_slow(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    _sleep(server, 1.05)
    yield


async def _slowlog_overflows(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "100000", "--slowlog-max-len", "2")
    yield
    _sleep(server, 0.12, 5)
    yield


SCENES: Final = (
    Scene(
        "twelve commands of different patterns are slow",
        _slow_commands,
        {"RedisSlowCommands": Within("1m", "6m")},
        REDIS_6,
        besides=frozenset({"RedisSlowPattern"}),
    ),
    Scene(
        "a command of one pattern is slow seven times",
        _slow_pattern,
        {"RedisSlowPattern": Within("1m", "11m")},
    ),
    Scene(
        "a command takes more than a second",
        _very_slow,
        {"RedisVerySlowCommand": Within("1m", "6m")},
        REDIS_7,
    ),
    Scene(
        "five slow commands come between two looks at a slow log of two entries",
        _slowlog_overflows,
        {"RedisSlowlogOverflows": Within("1m", "11m")},
    ),
)
