"""Load and latency."""

from collections.abc import AsyncGenerator, Callable
from typing import Final

from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within

_GETS: Final = "for i = 1, ARGV[1] do redis.call('GET', 'k') end"


def _growing(stage: Stage, per_second: float) -> Callable[[str], str]:
    """A counter that grows by so much more each second from now on."""
    since = stage.daemon.seconds

    def change(real: str) -> str:
        more = (stage.daemon.seconds - since) * per_second
        return f"{float(real) + more:.6f}" if "." in real else str(int(real) + round(more))

    return change


async def _load_high(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.info["total_commands_processed"] = _growing(stage, 60_000)
    yield
    server.info["total_commands_processed"] = _standing(server.info["total_commands_processed"])


async def _cpu_saturated(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.info["used_cpu_user_main_thread"] = _growing(stage, 0.97)
    yield
    server.info["used_cpu_user_main_thread"] = _standing(server.info["used_cpu_user_main_thread"])


async def _output_high(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.info["total_net_output_bytes"] = _growing(stage, 120 << 20)
    yield
    server.info["total_net_output_bytes"] = _standing(server.info["total_net_output_bytes"])


def _standing(change: object) -> Callable[[str], str]:
    """A counter that grows no further than it has."""
    assert callable(change)
    reached = str(change("0"))
    return lambda real: (
        str(int(float(reached) + float(real))) if "." not in real else str(float(reached) + float(real))
    )


async def _load_dropped(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "-1")
    server.command("SET", "k", "x")
    load = stage.every(15, lambda: server.command("EVAL", _GETS, 0, 5000))
    yield
    await stage.daemon.pass_time("30m")
    load.cancel()
    stage.crosses_now()
    yield
    stage.every(15, lambda: server.command("EVAL", _GETS, 0, 5000))


async def _latency_high(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    with stage.daemon.hanging(server.port):
        server.delay_seconds = 0.15
        yield
        server.delay_seconds = 0.0


async def _command_slow(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--slowlog-log-slower-than", "-1")
    yield
    slow = stage.every(15, lambda: [server.command("DEBUG", "SLEEP", 0.11) for _ in range(2)])
    yield
    slow.cancel()


async def _fork_slow(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.info["latest_fork_usec"] = "1500000"
    yield
    server.info["latest_fork_usec"] = "900"


LOAD: Final = (
    Scene(
        "altered INFO: total_commands_processed grows by 60,000 per second",
        _load_high,
        {"RedisLoadHigh": Within("15m", "6m")},
    ),
    Scene(
        "altered INFO: used_cpu_user_main_thread grows by 0.97 per second",
        _cpu_saturated,
        {"RedisCpuSaturated": Within("16m", "6m")},
    ),
    Scene(
        "altered INFO: total_net_output_bytes grows by 120 MiB per second",
        _output_high,
        {"RedisNetworkOutputHigh": Within("15m", "6m")},
    ),
    Scene(
        "after half an hour of 330 commands per second there are none",
        _load_dropped,
        {"RedisLoadDropped": Within("16m", "6m")},
        REDIS_6,
    ),
)

LATENCY: Final = (
    Scene(
        "every reply comes 150 ms late, by way of a proxy",
        _latency_high,
        {"RedisLatencyHigh": Within("6m", "7m")},
    ),
    Scene(
        "a command takes 110 ms, eight times a minute",
        _command_slow,
        {"RedisCommandSlow": Within("10m", "6m")},
        REDIS_7,
    ),
    Scene(
        "altered INFO: latest_fork_usec is 1,500,000",
        _fork_slow,
        {"RedisForkSlow": Within("1m", "3m")},
    ),
)
