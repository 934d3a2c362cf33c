"""Tasks of taskiq in a list and in a stream. Usage: python taskiq_scene.py REDIS_URL"""

import asyncio
import sys

from scene_stage import report
from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker, RedisStreamBroker

URL = sys.argv[1]
plain = ListQueueBroker(URL)
stream = RedisStreamBroker(URL, queue_name="events")
running = asyncio.Event()


@plain.task
async def work():
    pass


@stream.task
async def hang():
    running.set()
    await asyncio.sleep(600)


async def play():
    await plain.startup()
    await stream.startup()
    for _ in range(3):
        await work.kiq()
    await hang.kiq()
    receiver = asyncio.create_task(run_receiver_task(stream, max_async_tasks=1))
    await asyncio.wait_for(running.wait(), 20)
    receiver.cancel()
    await asyncio.gather(receiver, return_exceptions=True)
    await hang.kiq()
    await hang.kiq()
    report(
        step="filled",
        framework="taskiq",
        jobs={"taskiq": {"waiting": 3}, "events": {"waiting": 2, "active": 1}},
        later=5,
    )


asyncio.run(play())
