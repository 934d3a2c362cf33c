"""What Celery's workers do and say of it. Usage: python celery_counters_scene.py REDIS_URL early|late

`late`: tasks are acknowledged when they are done, not as they begin.
"""

import os
import sys

os.environ["SCENE_URL"] = sys.argv[1]
os.environ["SCENE_ACKS"] = sys.argv[2]

from celery_app import app, hang, succeed
from redis import Redis
from scene_stage import report, start, until

connection = Redis.from_url(sys.argv[1])


def worker():
    celery = (sys.executable, "-m", "celery", "-A", "celery_app", "worker")
    options = ("--pool", "threads", "--concurrency", "2", "--prefetch-multiplier", "2", "--queues", "mail")
    return start(*celery, *options, "--loglevel", "error", "--hostname", "worker@scene")


def asked():
    """The one worker there is: who asks without a limit waits for a second one until the time is over."""
    return app.control.inspect(timeout=2, limit=1)


def inspect():
    """What the worker itself says; 0 where there is none."""
    ask = asked()
    counts = {}
    for state, question in (("active", ask.active), ("reserved", ask.reserved), ("delayed", ask.scheduled)):
        counts[state] = sum(len(tasks) for tasks in (question() or {}).values())
    return counts


with app.connection_for_write() as broker:
    app.amqp.queues["mail"](broker.default_channel).declare()
process = worker()
until(lambda: asked().ping(), "the worker answers")
report(step="listening", ended=0, **inspect())
for _ in range(7):
    succeed.apply_async(queue="mail").get(timeout=30)
report(step="idle", ended=7, **inspect())
for _ in range(2):
    hang.apply_async(queue="mail")
until(lambda: inspect()["active"] == 2, "two tasks run")
report(step="running", ended=7, **inspect())
for _ in range(3):
    succeed.apply_async(queue="mail", countdown=3600)
until(lambda: inspect()["delayed"] == 3, "three tasks have an ETA")
for _ in range(6):
    succeed.apply_async(queue="mail")
until(lambda: inspect()["reserved"] > 0, "some are fetched ahead")
report(step="busy", ended=7, **inspect(), pid=process.pid)
process.wait()
report(step="killed", ended=7, active=0, silent=1)
process = worker()
until(lambda: asked().ping(), "the worker answers")
for _ in range(2):
    succeed.apply_async(queue="mail")
until(lambda: not connection.llen("mail") and not inspect()["active"], "all that was left is done")
stats = asked().stats()["worker@scene"]
ended = 7 + sum(stats["total"].values())
report(step="again", ended=ended, active=0, silent=0)
process.terminate()
process.wait()
report(step="stopped", ended=ended, silent=0, workers=0)
