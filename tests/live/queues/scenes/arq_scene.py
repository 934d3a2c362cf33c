"""Jobs of arq in every state. Usage: python arq_scene.py REDIS_URL"""

import asyncio
import os
import sys
import time

os.environ["SCENE_URL"] = sys.argv[1]

from arq import create_pool
from arq.worker import Worker
from arq_tasks import WorkerSettings, hang, succeed
from scene_stage import program, report, start


async def until(condition, what):
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def play():
    pool = await create_pool(WorkerSettings.redis_settings)
    for _ in range(2):
        await pool.enqueue_job("succeed")
    worker = Worker(functions=[succeed, hang], redis_pool=pool, burst=True, handle_signals=False)
    await worker.main()

    await pool.enqueue_job("hang", _job_id="hanging")
    hands = start(program("arq"), "arq_tasks.WorkerSettings")
    await until(lambda: pool.exists("arq:in-progress:hanging"), "the job runs")
    await until(lambda: pool.exists("arq:queue:health-check"), "the worker has reported")
    oldest = time.time()
    await pool.enqueue_job("succeed")
    await pool.enqueue_job("succeed")
    await pool.enqueue_job("succeed", _defer_by=3600)
    # Another queue, of which no worker has ever reported.
    await pool.enqueue_job("succeed", _queue_name="jobs:other")
    facts = {"framework": "arq", "oldest": {"arq:queue": oldest}, "tolerance": 0.1}
    other = {"jobs:other": {"waiting": len(await pool.queued_jobs(queue_name="jobs:other")), "active": 0}}
    queued = len(await pool.queued_jobs())
    jobs = {"arq:queue": {"waiting": queued - 2, "active": 1, "delayed": 1}, **other}
    report(step="filled", **facts, jobs=jobs, workers={"arq:queue": 1}, pid=hands.pid)
    hands.wait()
    await until(lambda: absent(pool, "arq:queue:health-check"), "the report has run out")
    orphaned = {"workers": {"arq:queue": 0}, "orphaned": {"arq:queue": 1}}
    # Only who has seen the worker knows that it is gone.
    report(step="orphaned", **facts, jobs=jobs, **orphaned, remembered=True)
    # What happens by itself after the job's timeout: it waits again.
    await pool.delete("arq:in-progress:hanging")
    facts["oldest"] = {"arq:queue": await pool.zscore("arq:queue", "hanging") / 1000}
    jobs = {"arq:queue": {"waiting": queued - 1, "active": 0, "delayed": 1}, **other}
    report(step="killed", **facts, jobs=jobs, workers={"arq:queue": 0})


async def absent(pool, key):
    return not await pool.exists(key)


asyncio.run(play())
