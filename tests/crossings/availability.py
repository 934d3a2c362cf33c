"""Is the server there."""

from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.stage import REDIS_6, Scene, Stage, Within
from tests.servers import RealServer

_UPTIME: Final = 'max_over_time(redis_uptime_in_seconds{instance="restarted"}[1m])'
_EVENT: Final = frozenset({"RedisRestarted"})


async def _down(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    server.kill()
    yield
    server.start()


async def _restarted(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    await stage.daemon.wait_really_until(lambda: (stage.daemon.value(_UPTIME) or 0) > 10, 20)
    stage.crosses_now()
    server.restart()
    yield


async def _flapping(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    for _ in range(3):
        server.kill()
        await stage.daemon.pass_time("1m")
        server.start()
        await stage.daemon.pass_time("1m")
    yield


class _Loading(RealServer):
    """Counts as started also while it loads."""

    def _answers(self) -> bool:
        try:
            return bool(self.client.info("server"))
        except Exception:
            return False


async def _loading(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("DEBUG", "POPULATE", 20_000, "key", 100)
    server.command("SAVE")
    yield
    server.kill()
    slow = ("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
    again = _Loading(server.program, server.directory, *server.arguments, *slow, port=server.port)
    stage.keep(again).start()
    yield
    again.command("CONFIG", "SET", "key-load-delay", "0")


SCENES: Final = (
    Scene("kill -9", _down, {"RedisDown": Within("1m", "3m")}, REDIS_6, besides=_EVENT),
    Scene(
        "the server is restarted",
        _restarted,
        {"RedisRestarted": Within("1m", "13m")},
        besides=frozenset({"RedisDown"}),
    ),
    Scene(
        "within six minutes it is killed three times and comes back",
        _flapping,
        {"RedisFlapping": Within("5m", "31m")},
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
    Scene(
        "it loads its data for long (key-load-delay)",
        _loading,
        {"RedisLoading": Within("6m", "3m")},
        besides=frozenset({"RedisDown", "RedisRestarted", "RedisSevereErrors"}),
    ),
)
