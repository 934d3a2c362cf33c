"""Queues of taskiq with one task, and an empty one. Usage: python taskiq_lone.py REDIS_URL"""

import asyncio
import sys

from scene_stage import report
from taskiq_redis import ListQueueBroker, RedisStreamBroker

URL = sys.argv[1]


async def work():
    pass


async def play():
    for broker in (ListQueueBroker(URL), RedisStreamBroker(URL, queue_name="two words")):
        await broker.startup()
        await broker.task(task_name="work")(work).kiq()
    await RedisStreamBroker(URL, queue_name="only made").startup()
    jobs = {"taskiq": {"waiting": 1}, "two words": {"waiting": 1}, "only made": {"waiting": 0}}
    report(step="filled", framework="taskiq", jobs=jobs)


asyncio.run(play())
