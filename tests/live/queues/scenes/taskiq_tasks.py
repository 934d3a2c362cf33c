"""What taskiq's workers do. The server is `$SCENE_URL`."""

import asyncio
import os

from taskiq_redis import ListQueueBroker, RedisStreamBroker

URL = os.environ["SCENE_URL"]
plain = ListQueueBroker(URL)
stream = RedisStreamBroker(URL, queue_name="events")
quick = RedisStreamBroker(URL, queue_name="quick")


@plain.task
async def work():
    pass


@stream.task
async def hang():
    await asyncio.sleep(600)


@quick.task
async def succeed():
    pass
