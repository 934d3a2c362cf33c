"""Queues of Dramatiq with one thing each. Usage: python dramatiq_lone.py REDIS_URL"""

import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from redis import Redis
from scene_stage import report, until

URL = sys.argv[1]
connection = Redis.from_url(URL)


def actor(queue, broker, work):
    return dramatiq.actor(work, queue_name=queue, actor_name=queue, broker=broker, max_retries=0)


def fail():
    raise ValueError("bad")


usual = RedisBroker(url=URL)
other = RedisBroker(url=URL, namespace="shop:work")
pickled = RedisBroker(url=URL, namespace="pickled")
for queue, broker in (("new", usual), ("msgs", usual), ("new", other)):
    actor(queue, broker, lambda: None).send()
actor("later", usual, lambda: None).send_with_options(delay=3_600_000)
actor("bad", usual, fail).send()
worker = dramatiq.Worker(usual, worker_threads=1, queues={"bad"}, worker_timeout=100)
worker.start()
until(lambda: connection.zcard("dramatiq:bad.XQ") == 1, "the job has failed")
worker.stop()
dramatiq.set_encoder(dramatiq.PickleEncoder())
actor("new", pickled, lambda: None).send()
# Who sends does not report; who takes does.
worker = dramatiq.Worker(pickled, worker_threads=1, queues={"nothing"})
worker.start()
until(lambda: connection.exists("pickled:__heartbeats__"), "the worker has reported")
worker.stop()
# Every worker takes what is delayed into its own hands until the moment has come.
delayed = connection.llen("dramatiq:later.DQ")
jobs = {
    "new": {"waiting": 1},
    "msgs": {"waiting": 1},
    "later": {"waiting": 0, "delayed": delayed},
    "bad": {"waiting": 0, "dead": 1},
    "shop:work:new": {"waiting": 1},
    "pickled:new": {"waiting": 1},
}
report(step="filled", framework="dramatiq", jobs=jobs)
