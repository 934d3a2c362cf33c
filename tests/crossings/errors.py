"""Errors."""

from collections.abc import AsyncGenerator, Callable
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.crossings.stage import REDIS_7, Scene, Stage, Within
from tests.servers import RealServer


def _refused(do: Callable[[], object]) -> None:
    """Do what the server answers with an error."""
    try:
        do()
    except redis.RedisError:
        return
    raise AssertionError("no error")


def _load(server: RealServer, commands: int) -> None:
    with server.client.pipeline(transaction=False) as pipe:
        for _ in range(commands):
            pipe.get("text")
        pipe.execute()


def _log_in_as(server: RealServer, name: str, password: str, *command: str) -> None:
    client = redis.Redis(
        port=server.port, username=name, password=password, protocol=2, retry=Retry(NoBackoff(), 0)
    )
    try:
        _refused(lambda: client.execute_command(*command))
    finally:
        client.close()


async def _error_rate(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("SET", "text", "x")
    stage.every(15, lambda: _load(server, 100))
    yield

    def fail() -> None:
        for _ in range(5):
            _refused(lambda: server.command("INCR", "text"))

    errors = stage.every(15, fail)
    yield
    errors.cancel()


async def _out_of_memory(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "100mb")
    yield
    server.command("CONFIG", "SET", "maxmemory", 1)
    _refused(lambda: server.command("SET", "k", "x"))
    server.command("CONFIG", "SET", "maxmemory", "100mb")
    yield


async def _wrong_passwords(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    attempts = stage.every(5, lambda: _log_in_as(server, "app", "wrong", "PING"))
    yield
    attempts.cancel()


async def _denied(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("ACL", "SETUSER", "app", "on", ">right", "+get", "~cache:*")
    yield
    _log_in_as(server, "app", "right", "FLUSHALL")
    yield


SCENES: Final = (
    Scene(
        "5 of 105 commands are answered with an error",
        _error_rate,
        {"RedisErrorRateHigh": Within("7m", "6m")},
        REDIS_7,
    ),
    Scene(
        "one write is refused since maxmemory is reached (OOM)",
        _out_of_memory,
        {"RedisSevereErrors": Within("1m", "6m")},
    ),
    Scene(
        "12 times a minute somebody logs in with a wrong password",
        _wrong_passwords,
        {"RedisConnectionErrors": Within("4m", "6m")},
    ),
    Scene(
        "a user is denied a command by its ACL",
        _denied,
        {"RedisPermissionDenied": Within("1m", "16m")},
    ),
)
