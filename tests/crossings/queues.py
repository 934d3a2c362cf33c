"""Queues."""

from collections.abc import AsyncGenerator, Mapping
from itertools import count
from typing import Any, Final

from tests.crossings.bullmq import BullQueue
from tests.crossings.stage import REDIS_6, Scene, Stage, Within

CONFIG: Final[Mapping[str, Any]] = {
    "samplers": {
        "queues": {
            "lists": [
                {"key": "jobs:dlq:{name}", "state": "dead"},
                {"key": "jobs:failed:{name}", "state": "failed"},
            ],
            "workers": [{"key": "worker:status:{id}", "heartbeat": "lastPing"}],
        }
    }
}


async def _backlog(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(server := stage.watched())
    with queue.worker():
        yield
        queue.add(1100)
        refreshed = stage.every(15, lambda: server.command("HSET", "bull:mail:1", "timestamp", queue.now_ms))
        yield
        refreshed.cancel()
        queue.clear()


async def _old_job(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    with queue.worker():
        yield
        queue.add()
        yield
        queue.clear()


async def _no_worker(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    with queue.worker():
        yield
    queue.add()
    yield
    queue.clear()


async def _orphaned(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    with queue.worker():
        yield
        queue.take(locked=False)
        yield
        queue.clear()


async def _stuck(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    with queue.worker():
        yield
        queue.take(locked=True)
        yield
        queue.clear()


async def _failing(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    queue.end(100, 1)
    with queue.worker():
        stage.every(15, lambda: queue.end(5, 0))
        yield
        failures = stage.every(15, lambda: queue.end(0, 2))
        yield
        failures.cancel()


async def _overdue(stage: Stage) -> AsyncGenerator[None]:
    queue = BullQueue(stage.watched())
    with queue.worker():
        yield
        queue.delay(1)
        yield
        queue.clear()


async def _paused(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    queue = BullQueue(server)
    with queue.worker():
        yield
        server.command("HSET", "bull:mail:meta", "paused", "1")
        yield
        server.command("HDEL", "bull:mail:meta", "paused")


async def _worker_silent(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()

    def ping() -> None:
        server.command("HSET", "worker:status:1", "lastPing", int(stage.loop.clock.now() * 1000))

    pings = stage.every(10, ping)
    yield
    pings.cancel()
    yield
    stage.every(10, ping)


async def _dead_letters(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    server.command("LPUSH", "jobs:dlq:mail", *range(11))
    yield
    server.command("DEL", "jobs:dlq:mail")


async def _failed_grow(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("LPUSH", "jobs:failed:mail", "0")
    yield
    server.command("LPUSH", "jobs:failed:mail", *range(1, 13))
    yield
    server.command("DEL", "jobs:failed:mail")


async def _lag_grows(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("XGROUP", "CREATE", "orders", "billing", "$", "MKSTREAM")
    yield

    sequence = count(1)

    def add(number: int) -> None:
        # By the daemon's clock, or they would be old.
        moment = int(stage.loop.clock.now() * 1000)
        for _ in range(number):
            server.command("XADD", "orders", f"{moment}-{next(sequence)}", "n", "1")

    def work() -> None:
        add(50)
        read = ("XREADGROUP", "GROUP", "billing", "one", "COUNT", "47", "NOACK")
        server.command(*read, "STREAMS", "orders", ">")

    add(100)
    growth = stage.every(15, work)
    yield
    growth.cancel()
    while server.command("XREADGROUP", "GROUP", "billing", "one", "NOACK", "STREAMS", "orders", ">"):
        pass


async def _entries_stuck(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("XGROUP", "CREATE", "orders", "billing", "$", "MKSTREAM")
    yield
    entry = server.command("XADD", "orders", "*", "n", "1")
    server.command("XREADGROUP", "GROUP", "billing", "one", "STREAMS", "orders", ">")
    # Given out eleven minutes ago, says the server's clock.
    server.command("XCLAIM", "orders", "billing", "one", 0, entry, "IDLE", 660_000)
    yield
    server.command("XACK", "orders", "billing", entry)


async def _broker_evicts(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxmemory", "100mb")
    queue = BullQueue(server)
    with queue.worker():
        yield
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        yield
        server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")


SCENES: Final = (
    Scene("1,100 jobs wait (BullMQ)", _backlog, {"RedisQueueBacklog": Within("6m", "3m")}),
    Scene(
        "a job waits for five minutes, and a worker is there (BullMQ)",
        _old_job,
        {"RedisQueueOldJob": Within("7m", "3m")},
    ),
    Scene(
        "a job waits, and the only worker has gone (BullMQ)",
        _no_worker,
        {"RedisQueueNoWorker": Within("3m", "3m")},
        REDIS_6,
    ),
    Scene(
        "a worker of one's own making does not tell any more that it lives",
        _worker_silent,
        {"RedisQueueWorkerSilent": Within("2m", "3m")},
    ),
    Scene(
        "an active job has no lock (BullMQ)",
        _orphaned,
        {"RedisQueueOrphanedJobs": Within("3m", "3m")},
        REDIS_6,
    ),
    Scene("a job is in work for ten minutes (BullMQ)", _stuck, {"RedisQueueStuckJobs": Within("16m", "3m")}),
    Scene(
        "eleven jobs come to a list of dead ones",
        _dead_letters,
        {"RedisQueueDeadLetters": Within("2m", "3m")},
    ),
    Scene("two of seven jobs fail (BullMQ)", _failing, {"RedisQueueFailing": Within("7m", "16m")}),
    Scene(
        "twelve jobs come to a list of failed ones",
        _failed_grow,
        {"RedisQueueFailedJobsGrow": Within("2m", "3m")},
    ),
    Scene(
        "a delayed job is not put into the queue (BullMQ)",
        _overdue,
        {"RedisQueueOverdueJobs": Within("7m", "3m")},
    ),
    Scene("a queue is paused for an hour (BullMQ)", _paused, {"RedisQueuePaused": Within("61m", "3m")}),
    Scene(
        "every 15 seconds 50 entries are added, and 47 are read",
        _lag_grows,
        {"RedisStreamLagGrows": Within("17m", "3m")},
    ),
    Scene(
        "an entry was given out eleven minutes ago, and is not acknowledged",
        _entries_stuck,
        {"RedisStreamEntriesStuck": Within("6m", "3m")},
        besides=frozenset({"RedisQueueStuckJobs"}),
    ),
)

BROKER: Final = (
    Scene(
        "a server with maxmemory and a queue is set to evict keys",
        _broker_evicts,
        {"RedisBrokerEvicts": Within("3m", "3m")},
        REDIS_6,
    ),
)
