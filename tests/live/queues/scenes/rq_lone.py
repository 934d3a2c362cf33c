"""Queues of RQ with one thing each, in databases of their own. Usage: python rq_lone.py REDIS_URL"""

import sys
from datetime import timedelta

from redis import Redis
from rq import Queue, Worker
from rq_tasks import fail, succeed
from scene_stage import program, report, start, until

URL = sys.argv[1]


def queue(name, database):
    return Queue(name, connection=Redis.from_url(f"{URL}/{database}"))


def work(name, database):
    mine = queue(name, database)
    Worker([mine], connection=mine.connection).work(burst=True)


queue("new", 0).enqueue(succeed)
queue("only late", 1).enqueue_in(timedelta(hours=1), succeed)
queue("only bad", 2).enqueue(fail)
work("only bad", 2)
queue("emptied", 3).enqueue(succeed, result_ttl=0)
work("emptied", 3)
start(program("rq"), "worker", "--url", f"{URL}/4", "--worker-class", "rq.SimpleWorker", "only served", "a:b")
until(lambda: Redis.from_url(f"{URL}/4").exists("rq:workers:a:b"), "the worker is there")
jobs = {
    "new": {"waiting": 1},
    "only late": {"waiting": 0, "scheduled": 1},
    "only bad": {"waiting": 0, "failed": 1},
    "emptied": {"waiting": 0},
    "only served": {"waiting": 0},
    "a:b": {"waiting": 0},
}
report(step="filled", framework="rq", jobs=jobs, workers={"only served": 1, "new": 0})
