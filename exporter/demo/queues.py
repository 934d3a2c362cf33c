"""The queues of the demo: lists of the shop's own, a BullMQ queue and an RQ queue.

The keys are those that BullMQ 5 (Node.js) and RQ 2 (Python) write; the frameworks themselves are not needed.
"""

import base64
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import redis.asyncio

Part = Callable[[], Awaitable[None]]
Client = redis.asyncio.Redis
# redis-py's own type of a hash's fields does not take a dictionary with keys of type str.
Fields = Mapping[Any, Any]

# How the configuration of the demo describes the shop's own lists.
SETTINGS: Final[dict[str, Any]] = {
    "lists": [{"key": "queue:{name}:{priority}", "time": {"path": "createdAt"}}],
    "workers": [{"key": "worker:status:{id}", "queue": "queue"}],
    "index_interval": "10s",
    "discovery_interval": "30s",
}
_LISTS: Final = ("email", "thumbnails", "invoices")
_STALLING: Final = "invoices"
# Long enough for the rule on silent workers.
_STALL_EVERY_SECONDS: Final = 180.0
_STALL_SECONDS: Final = 80.0
_BULL: Final = "bull:video"
BULL_WORKER: Final = f"bull:{base64.b64encode(b'video').decode()}"
"""The name by which a worker of BullMQ's shows in the list of clients."""
_LOCK_MILLISECONDS: Final = 30_000
_RQ: Final = "reports"


class QueueWorkload:
    """Producers and workers; the worker of one list stalls now and then.

    `bull_worker` is a connection with the name `BULL_WORKER`.
    """

    def __init__(self, client: Client, bull_worker: Client, choices: random.Random) -> None:
        self._client = client
        self._bull_worker = bull_worker
        self._random = choices
        self._started_at = time.monotonic()
        self._rq_worker = f"rq:worker:{uuid.UUID(int=choices.getrandbits(128)).hex}"

    @property
    def parts(self) -> Sequence[tuple[float, Part]]:
        """The parts of the workload, and the seconds between two runs of each."""
        return (
            (3.0, self._fill_lists),
            (0.3, self._empty_lists),
            (0.4, self._add_to_bull),
            (0.5, self._work_on_bull),
            (0.7, self._add_to_rq),
            (0.7, self._work_on_rq),
        )

    @property
    def is_stalled(self) -> bool:
        """Whether the worker that stalls now and then does so now."""
        seconds = (time.monotonic() - self._started_at) % _STALL_EVERY_SECONDS
        return seconds > _STALL_EVERY_SECONDS - _STALL_SECONDS

    async def _fill_lists(self) -> None:
        """Jobs come in batches."""
        for queue in _LISTS:
            for _ in range(9):
                job = {"id": self._random.getrandbits(48), "createdAt": _iso_now()}
                priority = self._random.choice(("high", "low"))
                await self._client.lpush(f"queue:{queue}:{priority}", json.dumps(job))

    async def _empty_lists(self) -> None:
        """The workers just keep up; they hurry while there is much to do."""
        for queue in _LISTS:
            if queue == _STALLING and self.is_stalled:
                continue
            for priority in ("high", "low"):
                key = f"queue:{queue}:{priority}"
                if await self._client.rpop(key, 1 + await self._client.llen(key) // 20):
                    break
            fields: Fields = {"lastPing": _iso_now(), "queue": queue}
            await self._client.hset(f"worker:status:{queue}-1", mapping=fields)

    async def _add_to_bull(self) -> None:
        job = await self._client.incr(f"{_BULL}:id")
        fields: Fields = {
            "name": "transcode",
            "data": json.dumps({"upload": self._random.getrandbits(48)}),
            "opts": json.dumps({"attempts": 3}),
            "timestamp": round(time.time() * 1000),
            "delay": 0,
            "priority": 0,
        }
        async with self._client.pipeline() as pipe:
            pipe.hset(f"{_BULL}:meta", items=["opts.maxLenEvents", 10_000, "version", "bullmq:5.81.0"])
            pipe.hset(f"{_BULL}:{job}", mapping=fields)
            pipe.lpush(f"{_BULL}:wait", job)
            pipe.xadd(f"{_BULL}:events", {"event": "added", "jobId": job, "name": "transcode"}, maxlen=10_000)
            await pipe.execute()

    async def _work_on_bull(self) -> None:
        """One job is finished, one in twenty fails; the next begins."""
        worker = self._bull_worker
        for job in await worker.lrange(f"{_BULL}:active", 0, 9):
            outcome = "failed" if self._random.random() < 0.05 else "completed"
            name = _text(job)
            async with worker.pipeline() as pipe:
                pipe.lrem(f"{_BULL}:active", 1, name)
                pipe.zadd(f"{_BULL}:{outcome}", {name: round(time.time() * 1000)})
                pipe.delete(f"{_BULL}:{name}:lock")
                pipe.xadd(f"{_BULL}:events", {"event": outcome, "jobId": name}, maxlen=10_000)
                await pipe.execute()
        for _ in range(2):
            begun = await worker.lmove(f"{_BULL}:wait", f"{_BULL}:active", "RIGHT", "LEFT")
            if begun is not None:
                await worker.set(f"{_BULL}:{_text(begun)}:lock", "demo", px=_LOCK_MILLISECONDS)

    async def _add_to_rq(self) -> None:
        job = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        now = _iso_now()
        fields: Fields = {"status": "queued", "origin": _RQ, "created_at": now, "enqueued_at": now}
        async with self._client.pipeline() as pipe:
            pipe.sadd("rq:queues", f"rq:queue:{_RQ}")
            pipe.hset(f"rq:job:{job}", mapping=fields)
            pipe.rpush(f"rq:queue:{_RQ}", job)
            await pipe.execute()

    async def _work_on_rq(self) -> None:
        job = await self._client.lpop(f"rq:queue:{_RQ}")
        async with self._client.pipeline() as pipe:
            pipe.sadd("rq:workers", self._rq_worker)
            pipe.sadd(f"rq:workers:{_RQ}", self._rq_worker)
            pipe.hset(self._rq_worker, mapping={"queues": _RQ, "state": "busy", "last_heartbeat": _iso_now()})
            pipe.expire(self._rq_worker, 480)
            if job is not None:
                name = _text(job)
                pipe.hset(f"rq:job:{name}", mapping={"status": "finished", "ended_at": _iso_now()})
                pipe.expire(f"rq:job:{name}", 500)
                pipe.zadd(f"rq:finished:{_RQ}", {name: time.time() + 500})
                pipe.hincrby(self._rq_worker, "successful_job_count", 1)
            await pipe.execute()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _iso_now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
