"""Actors of Dramatiq. The server is `$SCENE_URL`."""

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=os.environ["SCENE_URL"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="mail", max_retries=0)
def succeed():
    pass


@dramatiq.actor(queue_name="mail", max_retries=0)
def fail():
    raise ValueError("bad")


@dramatiq.actor(queue_name="slow", max_retries=0)
def hang():
    time.sleep(600)


def serve(queue):
    """Be a worker of this queue."""
    dramatiq.Worker(broker, worker_threads=1, queues=[queue]).start()
    time.sleep(600)
