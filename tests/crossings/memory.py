"""Memory."""

import contextlib
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from tests.crossings.stage import REDIS_6, REDIS_7, Scene, Stage, Within
from tests.servers import RealServer

_ANNOUNCED_BYTES: Final = 450_000_000
_DRIP_SECONDS: Final = 0.3


def _limit(server: RealServer, ratio: float) -> None:
    """Set maxmemory so that this part of it is used."""
    used = int(server.client.info("memory")["used_memory"])
    server.command("CONFIG", "SET", "maxmemory", int(used / ratio))


@contextlib.contextmanager
def _announced(server: RealServer, count: int) -> Iterator[None]:
    """Clients that have announced large values and send them byte by byte: memory is allocated, and is not
    touched. Of those who are idle for three seconds of its own clock the server takes it back, so they send
    by that clock, too, and not by the daemon's."""
    head = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % _ANNOUNCED_BYTES
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(count)
        ]
        for client in clients:
            client.sendall(head)
        ended = threading.Event()

        def drip() -> None:
            while not ended.wait(_DRIP_SECONDS):
                for client in clients:
                    client.send(b"x")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(ended.set)
        yield


async def _memory_high(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "100mb")
    server.command("SET", "big", "x" * 20_000_000)
    yield
    _limit(server, 0.9)
    yield
    server.command("CONFIG", "SET", "maxmemory", "100mb")


async def _memory_full(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "100mb")
    server.command("SET", "big", "x" * 20_000_000)
    yield
    _limit(server, 0.995)
    yield
    server.command("CONFIG", "SET", "maxmemory", "100mb")


async def _memory_full_soon(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "40mb")
    server.client.mset({f"old:{number}": "x" * 1_000_000 for number in range(24)})
    yield
    growth = stage.every(15, lambda: server.command("SET", f"log:{stage.daemon.seconds}", "x" * 40_000))
    yield
    growth.cancel()
    server.command("FLUSHALL")


async def _memory_unlimited(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    with _announced(server, 3):
        yield


# Of a server without keys.
_SMALL_BYTES: Final = 40_000_000


async def _fragmentation(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "400mb", "--slowlog-log-slower-than", "-1")
    server.command("DEBUG", "POPULATE", 160_000, "key", 1000)
    yield
    script = "for i = 0, 159999 do if i % 4 > 0 then redis.call('UNLINK', 'key:' .. i) end end"
    server.command("EVAL", script, 0)
    server.command("CONFIG", "SET", "maxmemory", "100mb")
    yield
    server.command("FLUSHALL")
    # What is freed in the background cannot be given back before, and the server looks ten times a second.
    await stage.daemon.wait_really_until(lambda: _gave_back(server), 30)


def _gave_back(server: RealServer) -> bool:
    server.command("MEMORY", "PURGE")
    return int(server.client.info("memory")["used_memory_rss"]) < _SMALL_BYTES


SCENES: Final = (
    Scene(
        "maxmemory is set so that 90 % of it are used",
        _memory_high,
        {"RedisMemoryHigh": Within("6m", "3m")},
        REDIS_6,
    ),
    Scene(
        "without eviction, maxmemory is set so that 99.5 % of it are used",
        _memory_full,
        {"RedisMemoryFull": Within("6m", "3m")},
        REDIS_7,
        besides=frozenset({"RedisMemoryHigh"}),
    ),
    Scene(
        "60 % of maxmemory are used, and 40 kB are written every 15 seconds",
        _memory_full_soon,
        {"RedisMemoryFullSoon": Within("33m", "3m", sooner_seconds=600)},
    ),
    Scene(
        "without maxmemory, values of 1.3 GB are announced and not sent: allocated, and in no memory",
        _memory_unlimited,
        {"RedisMemoryUnlimited": Within("16m", "3m"), "RedisMemorySwapped": Within("16m", "3m")},
        REDIS_7,
    ),
    Scene(
        "of 160,000 values of 1 kB one in four stays, and maxmemory is less than what the process keeps",
        _fragmentation,
        {"RedisFragmentationHigh": Within("16m", "3m"), "RedisRssOverLimit": Within("16m", "3m")},
        REDIS_7,
    ),
)
