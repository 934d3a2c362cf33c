"""Jobs of BullMQ's Python port. Usage: python bullmq_scene.py REDIS_URL"""

import asyncio
import sys
import time

from bullmq import Job, Queue, Worker
from scene_stage import report

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
    counts = await mail.getJobCounts(*names)
    await mail.close()
    report(
        step="filled",
        framework="bullmq",
        jobs={"mail": {ours: counts[theirs] for theirs, ours in names.items()}},
        oldest={"mail": oldest.timestamp / 1000},
        added={"mail": 8},
        overdue={"mail": 0},
        orphaned={"mail": 0},
        paused={"mail": False},
    )


asyncio.run(play())
