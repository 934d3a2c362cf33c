"""A worker of BullMQ's Python port that never ends its job. Usage: python bullmq_tasks.py REDIS_URL QUEUE"""

import asyncio
import sys

from bullmq import Worker


async def work(job, token):
    await asyncio.sleep(600)


async def serve():
    Worker(sys.argv[2], work, {"connection": sys.argv[1], "lockDuration": 2000})
    await asyncio.sleep(600)


asyncio.run(serve())
