"""Jobs of SAQ in every state. Usage: python saq_scene.py REDIS_URL"""

import asyncio
import os
import sys
import time

os.environ["SCENE_URL"] = sys.argv[1]

from saq import Worker
from saq_tasks import build_queue, fail, succeed
from scene_stage import report, start


async def until(condition, what):
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def play():
    mail, slow = build_queue("mail"), build_queue("slow")
    for queue in (mail, slow):
        await queue.connect()
    for name in ("succeed", "succeed", "fail"):
        await mail.enqueue(name)
    worker = Worker(mail, functions=[succeed, fail], burst=True, dequeue_timeout=0.5)
    await worker.start()

    await slow.enqueue("hang", timeout=100)
    code = "import asyncio, saq_tasks; asyncio.run(saq_tasks.serve('slow'))"
    hands = start(sys.executable, "-c", code)

    async def reported():
        return await slow.count("active") == 1 and await slow.redis.exists("saq:slow:stats")

    await until(reported, "the job runs")
    oldest = await mail.enqueue("succeed")
    await mail.enqueue("succeed")
    await mail.enqueue("succeed", scheduled=int(time.time()) + 3600)

    async def facts():
        jobs = {}
        for queue in (mail, slow):
            info = await queue.info()
            jobs[queue.name] = {
                "waiting": info["queued"], "active": info["active"], "scheduled": info["scheduled"]
            }  # fmt: skip
        return {"framework": "saq", "jobs": jobs, "oldest": {"mail": oldest.queued / 1000}}

    told = await facts()
    report(step="filled", **told, workers={"slow": 1}, stuck={"slow": 0}, orphaned={"slow": 0}, pid=hands.pid)
    hands.wait()
    report(
        step="killed", **await facts(), workers={"slow": 0}, stuck={"slow": 1}, overdue={"mail": 0}, later=200
    )


asyncio.run(play())
