"""Persistence."""

import os
import resource
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final

from tests.crossings.stage import REDIS_6, Scene, Stage, Within
from tests.servers import RealServer

_REAL_SECONDS: Final = 20.0
_NO_LIMIT: Final = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def _wait(condition: Callable[[], object]) -> None:
    """Until a child of the server has ended, in real time."""
    deadline = time.monotonic() + _REAL_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _persistence(server: RealServer, field: str) -> str:
    return str(server.client.info("persistence")[field])


async def _save_failed(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    # What stands there already the file that was written cannot be renamed to.
    (server.directory / "dump.rdb").mkdir()
    server.command("BGSAVE")
    _wait(lambda: _persistence(server, "rdb_last_bgsave_status") == "err")
    yield
    (server.directory / "dump.rdb").rmdir()
    server.command("BGSAVE")
    _wait(lambda: _persistence(server, "rdb_last_bgsave_status") == "ok")


def _limited(stage: Stage, *arguments: str) -> RealServer:
    """A server to which a limit on the size of its files is an error, not a signal that ends it."""
    server = stage.watched(*arguments)
    server.stop()
    program = server.directory / "server.sh"
    program.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec {server.program} \"$@\"\n")
    program.chmod(0o755)
    server.program = program
    return server.start()


async def _aof_write_failed(stage: Stage) -> AsyncGenerator[None]:
    server = _limited(stage, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    server.command("SET", "k", "x" * 5000)
    _wait(lambda: _persistence(server, "aof_last_write_status") == "err")
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
    _wait(lambda: _persistence(server, "aof_last_write_status") == "ok")


async def _aof_rewrite_failed(stage: Stage) -> AsyncGenerator[None]:
    server = _limited(stage, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
    server.command("SET", "k", os.urandom(100_000))
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    server.command("BGREWRITEAOF")
    _wait(lambda: _persistence(server, "aof_last_bgrewrite_status") == "err")
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
    # After a failure the server waits for a minute before it tries by itself.
    server.command("BGREWRITEAOF")
    _wait(lambda: _persistence(server, "aof_last_bgrewrite_status") == "ok")


async def _save_takes_long(stage: Stage) -> AsyncGenerator[None]:
    real = stage.start("--rdb-key-save-delay", "1000000")
    real.command("DEBUG", "POPULATE", 1000)
    server = await stage.altered(real)
    yield
    real.command("BGSAVE")
    server.info["rdb_current_bgsave_time_sec"] = "1900"
    yield
    del server.info["rdb_current_bgsave_time_sec"]
    real.command("FLUSHALL")


async def _fsync_delayed(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered(stage.start("--appendonly", "yes"))
    yield
    since = stage.daemon.seconds
    server.info["aof_delayed_fsync"] = lambda _: str(int((stage.daemon.seconds - since) / 60))
    yield
    server.info["aof_delayed_fsync"] = "100"


SCENES: Final = (
    Scene(
        "BGSAVE cannot write its file",
        _save_failed,
        {"RedisRdbSaveFailed": Within("30s", "3m")},
        REDIS_6,
    ),
    Scene(
        "no file of the server may grow (RLIMIT_FSIZE), and it writes to its AOF",
        _aof_write_failed,
        {"RedisAofWriteFailed": Within("30s", "3m")},
        besides=frozenset({"RedisSevereErrors"}),
    ),
    Scene(
        "no file of the server may become as large as its AOF is rewritten to (RLIMIT_FSIZE)",
        _aof_rewrite_failed,
        {"RedisAofRewriteFailed": Within("30s", "3m")},
    ),
    Scene(
        "BGSAVE goes on; altered INFO: rdb_current_bgsave_time_sec is 1900",
        _save_takes_long,
        {"RedisSaveTakesLong": Within("30s", "3m")},
    ),
    Scene(
        "altered INFO: aof_delayed_fsync grows by one each minute",
        _fsync_delayed,
        {"RedisAofFsyncDelayed": Within("7m", "7m")},
    ),
)
