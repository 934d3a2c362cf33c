"""Jobs of Celery. Usage: python celery_scene.py REDIS_URL"""

import os
import sys

os.environ["SCENE_URL"] = sys.argv[1]

from amqp.exceptions import ChannelError
from celery_app import app, hang, succeed
from redis import Redis
from scene_stage import report, start, until

connection = Redis.from_url(sys.argv[1])
QUEUES = ("celery", "mail", "empty")


def size(channel, queue):
    """What kombu itself says of a queue: all priority steps together. It does not know an empty one."""
    try:
        return channel.queue_declare(queue, passive=True).message_count
    except ChannelError:
        return 0


def counts():
    with app.connection_for_write() as broker:
        sizes = {name: size(broker.default_channel, name) for name in QUEUES}
    jobs = {name: {"waiting": size} for name, size in sizes.items()}
    # Which of them run only the workers know.
    jobs["*"] = {"reserved": connection.hlen("unacked"), "delayed": 0}
    return jobs


def worker(*options):
    """A worker with one thread: it goes on sending heartbeats while it works, and is killed as a whole."""
    celery = (sys.executable, "-m", "celery", "-A", "celery_app", "worker")
    return start(*celery, "--pool", "threads", "--concurrency", "1", "--loglevel", "error", *options)


for name in QUEUES:
    with app.connection_for_write() as broker:
        app.amqp.queues[name](broker.default_channel).declare()
first = worker("--queues", "celery", "--hostname", "first@scene")
for _ in range(2):
    succeed.apply_async(queue="celery").get(timeout=30)
first.terminate()
first.wait()

hang.apply_async(queue="mail")
hands = worker("--queues", "mail", "--hostname", "hands@scene")
until(lambda: connection.hlen("unacked") == 1, "the job runs")
for _ in range(3):
    succeed.apply_async(queue="mail")
for priority in (0, 3, 6, 9, 9):
    succeed.apply_async(queue="celery", priority=priority)
report(step="filled", framework="celery", jobs=counts(), orphaned={"*": 0}, pid=hands.pid)
hands.wait()
report(step="killed", framework="celery", jobs=counts(), orphaned={"*": 1}, later=4000)
