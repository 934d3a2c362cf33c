"""What arq's workers do. The server is `$SCENE_URL`."""

import asyncio
import os

from arq.connections import RedisSettings


async def succeed(ctx):
    return "done"


async def hang(ctx):
    await asyncio.sleep(600)


class WorkerSettings:
    functions = (succeed, hang)
    redis_settings = RedisSettings.from_dsn(os.environ["SCENE_URL"])
    queue_name = os.environ.get("SCENE_QUEUE", "arq:queue")
    max_jobs = 1
    handle_signals = False
    health_check_interval = 1
