"""One server for each kind of event that shipped rules count, and the first such events."""

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis
import yaml

from tests.servers import RealServer

RULES: Final = Path(__file__).resolve().parents[2] / "rules"
# Argument: how many seconds. In a script TIME stands still on Valkey, and there is no `os` on Redis.
_SPIN: Final = """
local has_os, clock = pcall(function() return os.clock end)
if not has_os then
  clock = function() local t = redis.call('TIME') return t[1] + t[2] / 1000000 end
end
local began = clock()
repeat until clock() - began > tonumber(ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A server with these arguments, what happens on it, and the alert that is to tell of it.

    `since` is the Redis version that first counts such events.
    """

    name: str
    alert: str
    arguments: Sequence[str]
    happen: Callable[[RealServer], None]
    labels: Mapping[str, str]
    prepare: Callable[[RealServer], None] = lambda _: None
    since: tuple[int, int] = (6, 0)


def _try(server: RealServer, *command: str, times: int = 1) -> None:
    for _ in range(times):
        with contextlib.suppress(redis.RedisError):
            server.client.execute_command(*command)


def _spin(server: RealServer, seconds: float, times: int = 1, *keys: str) -> None:
    with redis.Redis(port=server.port, socket_timeout=30) as client:
        for _ in range(times):
            client.eval(_SPIN, len(keys), *keys, str(seconds))


def _fill(server: RealServer) -> None:
    for number in range(3000):
        try:
            server.client.set(f"fill:{number}", "x" * 2000)
        except redis.RedisError:
            _try(server, "SET", "one", "x" * 2000, times=20)
            return


def _overfill(server: RealServer) -> None:
    with server.client.pipeline(transaction=False) as pipeline:
        for number in range(6000):
            pipeline.set(f"fill:{number}", "x" * 1000)
        pipeline.execute()


def _lose_directory(server: RealServer) -> None:
    shutil.rmtree(server.directory / "saves")
    _try(server, "BGSAVE")
    for _ in range(100):
        if server.client.info("persistence")["rdb_last_bgsave_status"] == "err":
            break
        time.sleep(0.1)
    _try(server, "SET", "key", "x", times=3)


def _while_busy(server: RealServer) -> None:
    def ask() -> None:
        time.sleep(0.5)
        with (
            redis.Redis(port=server.port, socket_timeout=10) as client,
            contextlib.suppress(redis.RedisError),
        ):
            client.get("key")

    asking = threading.Thread(target=ask)
    asking.start()
    _spin(server, 1.5)
    asking.join()


def _knock(server: RealServer, times: int) -> None:
    """Connect more often than there is room for."""
    with contextlib.ExitStack() as stack:
        for _ in range(times):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
        time.sleep(0.2)


def _log_in_wrongly(server: RealServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        for _ in range(40):
            client.sendall(b"AUTH app wrong\r\n")
            client.recv(256)


def _do_what_is_forbidden(server: RealServer) -> None:
    with (
        redis.Redis(port=server.port, username="app", password="secret") as client,
        contextlib.suppress(redis.RedisError),
    ):
        client.flushall()


def _send_too_much(server: RealServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$20000000\r\n")
        with contextlib.suppress(OSError):
            for _ in range(200):
                client.sendall(b"x" * 100_000)


def _sync_again_and_again(server: RealServer) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as replica:
            replica.sendall(b"PSYNC ? -1\r\n")
            replica.recv(64)


def _miss(server: RealServer) -> None:
    with server.client.pipeline(transaction=False) as pipeline:
        for number in range(1000):
            pipeline.get(f"nothing:{number}")
        pipeline.execute()


def _fail_jobs(server: RealServer) -> None:
    server.client.set("asynq:{mail}:processed", 30)
    server.client.set("asynq:{mail}:failed", 30)


def _queue(server: RealServer) -> None:
    server.client.sadd("asynq:queues", "mail")
    server.client.lpush("asynq:{mail}:pending", "one")
    server.client.hset("asynq:{mail}:t:one", mapping={"msg": "x", "state": "pending"})


def _save(server: RealServer) -> None:
    server.command("CONFIG", "SET", "save", "3600 1")


def _user(server: RealServer) -> None:
    server.command("ACL", "SETUSER", "app", "on", ">secret", "+@read", "~*")


_SEVERE: Final = "RedisSevereErrors"
_SLOW: Final = ("--slowlog-log-slower-than", "1000")
SCENES: Final = (
    Scene(
        "very-slow",
        "RedisVerySlowCommand",
        ("--slowlog-log-slower-than", "500000"),
        lambda server: _spin(server, 1.5),
        {"command": "eval"},
    ),
    Scene(
        "slow-pattern",
        "RedisSlowPattern",
        _SLOW,
        lambda server: _spin(server, 0.01, 12, "report:17:rows"),
        {},
    ),
    Scene("slow-commands", "RedisSlowCommands", _SLOW, lambda server: _spin(server, 0.01, 15), {}),
    Scene(
        "slow-lost",
        "RedisSlowlogOverflows",
        (*_SLOW, "--slowlog-max-len", "2"),
        lambda server: _spin(server, 0.01, 15),
        {},
    ),
    Scene("oom", _SEVERE, ("--maxmemory", "3mb", "--maxmemory-policy", "noeviction"), _fill, {"err": "OOM"}),
    Scene("misconf", _SEVERE, ("--dir", "saves"), _lose_directory, {"err": "MISCONF"}, _save),
    Scene(
        "noreplicas",
        _SEVERE,
        ("--min-replicas-to-write", "1"),
        lambda server: _try(server, "SET", "key", "x", times=3),
        {"err": "NOREPLICAS"},
    ),
    Scene(
        "clusterdown",
        _SEVERE,
        ("--cluster-enabled", "yes"),
        lambda server: _try(server, "GET", "key", times=3),
        {"err": "CLUSTERDOWN"},
    ),
    Scene("busy", _SEVERE, ("--lua-time-limit", "50"), _while_busy, {"err": "BUSY"}),
    Scene(
        "rejected", "RedisConnectionsRejected", ("--maxclients", "10"), lambda server: _knock(server, 20), {}
    ),
    Scene("wrong-password", "RedisConnectionErrors", (), _log_in_wrongly, {}, _user),
    Scene("denied", "RedisPermissionDenied", (), _do_what_is_forbidden, {}, _user),
    Scene(
        "dropped",
        "RedisClientsDropped",
        ("--client-query-buffer-limit", "1mb"),
        _send_too_much,
        {},
        since=(7, 2),
    ),
    Scene(
        "evicting",
        "RedisEvictions",
        ("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"),
        _overfill,
        {},
    ),
    Scene("missing", "RedisHitRateLow", (), _miss, {}),
    Scene("syncing", "RedisResyncStorm", ("--repl-diskless-sync", "no"), _sync_again_and_again, {}),
    Scene("failing-jobs", "RedisQueueFailing", (), _fail_jobs, {"queue": "mail"}, _queue),
)


def write_rules(path: Path) -> None:
    """The shipped rules in one file, without waiting: that is not what is tried."""
    groups: list[dict[str, Any]] = []
    for file in sorted(RULES.glob("*.yml")):
        groups += yaml.safe_load(file.read_text())["groups"]
    for group in groups:
        for rule in group["rules"]:
            rule.pop("for", None)
    path.write_text(yaml.safe_dump({"groups": groups}))


@contextmanager
def servers(program: Path, directory: Path, version: tuple[int, int]) -> Iterator[dict[str, RealServer]]:
    """The servers of all scenes that this version knows, prepared and running."""
    running = {}
    with contextlib.ExitStack() as stack:
        for scene in SCENES:
            if version < scene.since:
                continue
            folder = directory / scene.name
            (folder / "saves").mkdir(parents=True)
            server = RealServer(program, folder, *scene.arguments)
            running[scene.name] = stack.enter_context(server)
            scene.prepare(server)
        yield running
