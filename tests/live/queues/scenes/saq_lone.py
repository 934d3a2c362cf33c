"""Queues of SAQ with one thing each. Usage: python saq_lone.py REDIS_URL"""

import asyncio
import os
import sys
import time

os.environ["SCENE_URL"] = sys.argv[1]

from saq_tasks import build_queue
from scene_stage import report, start


async def play():
    names = ("new", "a:b", "active", "queued", "two words", "only late")
    for name in names:
        queue = build_queue(name)
        await queue.connect()
        await queue.enqueue(
            "succeed", **({"scheduled": int(time.time()) + 3600} if name == "only late" else {})
        )
    code = "import asyncio, saq_tasks; asyncio.run(saq_tasks.serve('only served'))"
    start(sys.executable, "-c", code)
    deadline = time.monotonic() + 20
    while not await queue.redis.exists("saq:only served:stats"):
        assert time.monotonic() < deadline, "the worker has reported"
        await asyncio.sleep(0.05)
    jobs = {name: {"waiting": 1} for name in names}
    jobs["only late"] = {"waiting": 0, "scheduled": 1}
    jobs["only served"] = {"waiting": 0}
    report(step="filled", framework="saq", jobs=jobs, workers={"only served": 1, "new": 0})


asyncio.run(play())
