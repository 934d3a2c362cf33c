"""The workload of the demo's server is the life of a web product, with its problems.

It writes, to that server only, which is the demo's own.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from exporter.demo.queues import BULL_WORKER, Part, QueueWorkload

_USERS: Final = 20_000
_FLOOD_EVERY_SECONDS: Final = 120.0
_FLOOD_CLIENTS: Final = 80
_FLOOD_SECONDS: Final = 3.0


class Workload:
    """Run every part of the workload again and again, until it is cancelled.

    It goes on where the server is away for a while.
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._client = self._connect("shop-web")
        self._bull_worker = self._connect(BULL_WORKER)
        self._queues = QueueWorkload(self._client, self._bull_worker, self._random)
        self._started_at = time.monotonic()

    def _connect(self, name: str) -> "redis.asyncio.Redis":
        return redis.asyncio.Redis(
            host="127.0.0.1", port=self._port, client_name=name, socket_timeout=5, protocol=2
        )

    async def run(self) -> None:
        """Until cancelled."""
        parts: Sequence[tuple[float, Part]] = (
            (0.05, self._cache),
            (0.1, self._sessions),
            (0.2, self._rate_limits),
            (0.5, self._events),
            (2.0, self._slow_report),
            (_FLOOD_EVERY_SECONDS, self._flood),
            *self._queues.parts,
        )
        try:
            async with asyncio.TaskGroup() as group:
                for pause, part in parts:
                    group.create_task(self._repeat(pause, part))
        finally:
            await self._client.aclose()
            await self._bull_worker.aclose()

    async def _repeat(self, pause: float, part: Part) -> None:
        # What is rare does not come at once: first people want to see an ordinary server.
        await asyncio.sleep(pause / 2)
        task = asyncio.current_task()
        # The client library now and then takes a cancellation for itself: it is asked for here, too.
        while task is None or not task.cancelling():
            try:
                await part()
            except (RedisError, OSError):
                await asyncio.sleep(0.5)
            await asyncio.sleep(pause)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started_at

    async def _cache(self) -> None:
        """A cache-aside cache; every other minute a deployment has emptied it, in effect."""
        fresh = int(self._seconds / 60) % 2
        async with self._client.pipeline(transaction=False) as pipe:
            users = [int(self._random.paretovariate(1.1)) % _USERS for _ in range(40)]
            for user in users:
                pipe.get(f"cache:user:{user}:v{fresh}")
            found = await pipe.execute()
            for user, value in zip(users, found, strict=True):
                if value is None:
                    pipe.set(f"cache:user:{user}:v{fresh}", self._random.randbytes(400), ex=90)
            await pipe.execute()

    async def _sessions(self) -> None:
        session = uuid.UUID(int=self._random.getrandbits(128), version=4)
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.hset(
                f"session:{session}",
                mapping={"user": self._user(), "cart": self._random.randbytes(120).hex()},
            )
            # Somebody forgot it in one of ten.
            if self._random.random() < 0.9:
                pipe.expire(f"session:{session}", 600)
            await pipe.execute()

    async def _rate_limits(self) -> None:
        key = f"ratelimit:api:{self._user()}"
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, 60)
            await pipe.execute()

    async def _events(self) -> None:
        """A log that grows, and a stream with a group that keeps up."""
        await self._client.rpush("events:audit", *(self._random.randbytes(60) for _ in range(200)))
        await self._client.ltrim("events:audit", -50_000, -1)
        await self._client.xadd("orders", {"user": self._user()}, maxlen=5000)
        try:
            await self._client.xreadgroup("billing", "billing-1", {"orders": ">"}, count=100, noack=True)
        except ResponseError:
            # The first time, and after the server has come back without its keys.
            await self._client.xgroup_create("orders", "billing", "0")

    async def _slow_report(self) -> None:
        """Commands that nobody should send."""
        await self._client.lrange("events:audit", 0, -1)
        await self._client.sort("events:audit", alpha=True, start=0, num=1)

    async def _flood(self) -> None:
        """A client that leaks connections until the server turns others away."""
        leaked: list[Any] = []
        try:
            for _ in range(_FLOOD_CLIENTS):
                # One by one: those already open are closed below when a later one fails.
                leaked.append(await asyncio.open_connection("127.0.0.1", self._port))  # noqa: PERF401
            await asyncio.sleep(_FLOOD_SECONDS)
        finally:
            for _, writer in leaked:
                writer.close()

    def _user(self) -> int:
        return self._random.randrange(_USERS)
