"""Persistence."""

import os
import resource
from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.real_time import wait
from tests.crossings.stage import REDIS_6, Scene, Stage, Within
from tests.servers import RealServer

_NO_LIMIT: Final = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def _persistence(server: RealServer, field: str) -> str:
    return str(server.client.info("persistence")[field])


async def _save_failed(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    # What stands there already the file that was written cannot be renamed to.
    (server.directory / "dump.rdb").mkdir()
    server.command("BGSAVE")
    wait(lambda: _persistence(server, "rdb_last_bgsave_status") == "err")
    yield
    (server.directory / "dump.rdb").rmdir()
    server.command("BGSAVE")
    wait(lambda: _persistence(server, "rdb_last_bgsave_status") == "ok")


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
    wait(lambda: _persistence(server, "aof_last_write_status") == "err")
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
    wait(lambda: _persistence(server, "aof_last_write_status") == "ok")


async def _aof_rewrite_failed(stage: Stage) -> AsyncGenerator[None]:
    server = _limited(stage, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
    server.command("SET", "k", os.urandom(100_000))
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    server.command("BGREWRITEAOF")
    wait(lambda: _persistence(server, "aof_last_bgrewrite_status") == "err")
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, _NO_LIMIT)
    # After a failure the server waits for a minute before it tries by itself.
    server.command("BGREWRITEAOF")
    wait(lambda: _persistence(server, "aof_last_bgrewrite_status") == "ok")


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
        {"RedisRdbSaveFailed": Within("1m", "3m")},
        REDIS_6,
    ),
    Scene(
        "no file of the server may grow (RLIMIT_FSIZE), and it writes to its AOF",
        _aof_write_failed,
        {"RedisAofWriteFailed": Within("1m", "3m")},
        besides=frozenset({"RedisSevereErrors"}),
    ),
    Scene(
        "no file of the server may become as large as its AOF is rewritten to (RLIMIT_FSIZE)",
        _aof_rewrite_failed,
        {"RedisAofRewriteFailed": Within("1m", "3m")},
    ),
    Scene(
        "BGSAVE goes on; altered INFO: rdb_current_bgsave_time_sec is 1900",
        _save_takes_long,
        {"RedisSaveTakesLong": Within("1m", "3m")},
    ),
    Scene(
        "altered INFO: aof_delayed_fsync grows by one each minute",
        _fsync_delayed,
        {"RedisAofFsyncDelayed": Within("7m", "7m")},
    ),
)
