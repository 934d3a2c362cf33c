"""Tasks of taskiq in a list and in streams. Usage: python taskiq_scene.py REDIS_URL"""

import asyncio
import os
import sys
import time

os.environ["SCENE_URL"] = URL = sys.argv[1]

from redis.asyncio import Redis
from scene_stage import program, report, start
from taskiq.api import run_receiver_task
from taskiq_tasks import hang, plain, quick, stream, succeed, work


async def until(condition, what):
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def play():
    for broker in (plain, stream, quick):
        await broker.startup()
    redis = Redis.from_url(URL)
    for _ in range(3):
        await work.kiq()
        await succeed.kiq()
    receiver = asyncio.create_task(run_receiver_task(quick, max_async_tasks=1))

    async def done():
        (group,) = await redis.xinfo_groups("quick")
        return group["pending"] == 0 and group["lag"] == 0

    await until(done, "tasks are done")
    receiver.cancel()
    await asyncio.gather(receiver, return_exceptions=True)

    await hang.kiq()
    hands = start(
        program("taskiq"), "worker", "taskiq_tasks:stream", "--workers", "1", "--log-level", "ERROR"
    )

    async def running():
        return (await redis.xpending("events", "taskiq"))["pending"] == 1

    await until(running, "the task runs")
    await asyncio.sleep(0.2)

    async def facts():
        (group,) = await redis.xinfo_groups("events")
        return {
            "framework": "taskiq",
            "jobs": {
                "taskiq": {"waiting": 3},
                "events": {"waiting": group["lag"], "active": group["pending"]},
                "quick": {"waiting": 0, "active": 0},
            },
            "added": {"quick": 3, "events": await redis.xlen("events")},
            # What the only group has acknowledged.
            "finished": {"quick": {"unknown": 3}, "events": {"unknown": 0}},
        }

    # The children of a killed manager live on: the one that works is the one to kill.
    report(step="filled", **await facts(), stuck={"events": 0}, pid=child_of(hands.pid))
    hands.kill()
    hands.wait()
    await hang.kiq()
    await hang.kiq()
    await asyncio.sleep(0.5)
    # An entry counts as stuck after ten minutes by the clock of the server.
    report(step="killed", **await facts(), stuck={"events": 0})


def child_of(pid):
    """The process that was started last by this one."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return int(children.read().split()[-1])


asyncio.run(play())
