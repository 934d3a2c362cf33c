"""Tasks of TaskTiger in every state. Usage: python tasktiger_scene.py REDIS_URL"""

import sys
import time
from datetime import timedelta
from urllib.parse import urlsplit

from redis import Redis
from scene_stage import program, report, start, until
from tasktiger import TaskTiger
from tasktiger_tasks import fail, hang, succeed

URL = sys.argv[1]
tiger = TaskTiger(connection=Redis.from_url(URL, decode_responses=True))
STATES = {"waiting": "queued", "active": "active", "scheduled": "scheduled", "failed": "error"}


def worker(queue):
    server = urlsplit(URL)
    return start(program("tasktiger"), "--host", server.hostname, "--port", server.port, "--queues", queue)


def counts():
    stats = tiger.get_queue_stats()
    return {
        queue: {ours: stats.get(queue, {}).get(own, 0) for ours, own in STATES.items()}
        for queue in ("mail", "slow", "a.b")
    }


def facts():
    return {
        "framework": "tasktiger",
        "jobs": counts(),
        "overdue": {"mail": 0},
        "oldest": {"mail": oldest},
        "tolerance": 0.5,
    }


tiger.delay(succeed, queue="mail")
tiger.delay(fail, queue="mail")
mailer = worker("mail")
until(lambda: counts()["mail"] == {"waiting": 0, "active": 0, "scheduled": 0, "failed": 1}, "both have ended")
mailer.terminate()
mailer.wait()
tiger.delay(hang, queue="slow")
hanging = worker("slow")
until(lambda: counts()["slow"]["active"] == 1, "the task runs")
oldest = time.time()
tiger.delay(succeed, queue="mail", unique=True)
tiger.delay(fail, queue="mail")
tiger.delay(succeed, queue="mail", when=timedelta(hours=1))
tiger.delay(succeed, queue="a.b")
report(step="filled", **facts(), orphaned={"slow": 0, "mail": 0}, pid=hanging.pid)
hanging.wait()
report(step="killed", **facts(), orphaned={"slow": 1, "mail": 0}, later=1000)
