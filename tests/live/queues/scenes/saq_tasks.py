"""What SAQ's workers do. The server is `$SCENE_URL`."""

import asyncio
import os

from saq import Queue, Worker


async def succeed(ctx):
    return "done"


async def fail(ctx):
    raise ValueError("bad")


async def hang(ctx):
    await asyncio.sleep(600)


def build_queue(name):
    return Queue.from_url(os.environ["SCENE_URL"], name=name)


async def serve(name):
    await Worker(build_queue(name), functions=[hang], concurrency=1).start()
