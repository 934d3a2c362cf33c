"""Jobs of BullMQ's Python port. Usage: python bullmq_scene.py REDIS_URL"""

import asyncio
import sys
import time

from bullmq import Job, Queue, Worker
from redis.asyncio import Redis
from scene_stage import report, start

URL = sys.argv[1]


async def play():
    options = {"connection": URL}
    mail = Queue("mail", options)
    for _ in range(3):
        await mail.add("good", {})
    await mail.add("bad", {})

    async def work(job: Job, token: str):
        if job.name == "bad":
            raise ValueError("bad")

    worker = Worker("mail", work, options)
    deadline = time.monotonic() + 20
    while (await mail.getJobCounts("completed", "failed")) != {"completed": 3, "failed": 1}:
        assert time.monotonic() < deadline, "jobs are not done"
        await asyncio.sleep(0.05)
    await worker.close()
    oldest = await mail.add("wait", {})
    await mail.add("wait", {})
    await mail.add("delay", {}, {"delay": 3_600_000})
    await mail.add("urgent", {}, {"priority": 2})
    names = {"waiting": "waiting", "active": "active", "delayed": "delayed", "prioritized": "prioritized"}
    names |= {"completed": "completed", "failed": "failed", "waiting-children": "waiting_children"}
    slow = Queue("slow", options)
    running = await slow.add("hang", {})
    hands = start(sys.executable, "bullmq_tasks.py", URL, "slow")
    lock = f"bull:slow:{running.id}:lock"
    redis = Redis.from_url(URL)
    await until(lambda: redis.exists(lock), "the job runs")

    async def facts():
        jobs = {}
        for queue in (mail, slow):
            counts = await queue.getJobCounts(*names)
            jobs[queue.name] = {ours: counts[theirs] for theirs, ours in names.items()}
        return {
            "framework": "bullmq",
            "jobs": jobs,
            "oldest": {"mail": oldest.timestamp / 1000},
            "added": {"mail": 8, "slow": 1},
            "overdue": {"mail": 0},
            "paused": {"mail": False},
        }

    report(step="filled", **await facts(), orphaned={"mail": 0, "slow": 0}, pid=hands.pid)
    hands.wait()
    await until(lambda: absent(redis, lock), "the lock has run out")
    report(step="killed", **await facts(), orphaned={"mail": 0, "slow": 1})


async def until(condition, what):
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def absent(redis, key):
    return not await redis.exists(key)


asyncio.run(play())
