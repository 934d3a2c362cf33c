"""Queues of arq with one thing each, of any name. Usage: python arq_lone.py REDIS_URL"""

import asyncio
import contextlib
import os
import sys
import time

os.environ["SCENE_URL"] = sys.argv[1]

from arq import create_pool
from arq.worker import Worker
from arq_tasks import WorkerSettings, succeed
from scene_stage import report


async def play():
    pool = await create_pool(WorkerSettings.redis_settings)
    for name in ("arq:high", "jobs", "two words", "ünï", "{a}:b"):
        await pool.enqueue_job("succeed", _queue_name=name, _job_id=f"{name} 1")
    await pool.enqueue_job("succeed", _queue_name="only late", _defer_by=3600)
    # One that its worker is asked to abort stands in a set of all queues.
    job = await pool.enqueue_job("succeed", _queue_name="jobs")
    with contextlib.suppress(TimeoutError):
        await job.abort(timeout=0.1)
    worker = Worker(
        functions=[succeed], redis_pool=pool, queue_name="only served", handle_signals=False, poll_delay=0.05
    )
    running = asyncio.create_task(worker.async_run())
    deadline = time.monotonic() + 20
    while not await pool.exists("only served:health-check"):
        assert time.monotonic() < deadline, "the worker has reported"
        await asyncio.sleep(0.02)
    jobs = {name: {"waiting": 1} for name in ("arq:high", "two words", "ünï", "{a}:b")}
    jobs["jobs"] = {"waiting": 2}
    jobs["only late"] = {"waiting": 0, "delayed": 1}
    jobs["only served"] = {"waiting": 0}
    report(step="filled", framework="arq", jobs=jobs, workers={"only served": 1, "jobs": 0})
    running.cancel()


asyncio.run(play())
