"""Jobs of RQ in every state. Usage: python rq_scene.py REDIS_URL"""

import sys
from datetime import UTC, timedelta

from redis import Redis
from rq import Queue, Worker
from rq.registry import (
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq_tasks import fail, hang, succeed
from scene_stage import program, report, start, until

URL = sys.argv[1]
connection = Redis.from_url(URL)
mail, slow, colons = (Queue(name, connection=connection) for name in ("mail", "slow", "a:b"))
REGISTRIES = {
    "active": StartedJobRegistry,
    "completed": FinishedJobRegistry,
    "failed": FailedJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "deferred": DeferredJobRegistry,
}


def counts():
    return {
        queue.name: {
            "waiting": queue.count,
            **{
                state: registry(queue=queue).get_job_count(cleanup=False)
                for state, registry in REGISTRIES.items()
            },
        }
        for queue in (mail, slow, colons)
    }


def facts():
    return {"framework": "rq", "jobs": counts(), "paused": {"mail": False}, "overdue": {"mail": 0}}


for _ in range(3):
    mail.enqueue(succeed)
mail.enqueue(fail)
Worker([mail], connection=connection).work(burst=True)

hanging = slow.enqueue(hang, job_timeout=600)
# A worker that runs jobs in its own process: killed together.
worker = start(
    program("rq"), "worker", "--url", URL, "--name", "hands", "--worker-class", "rq.SimpleWorker", "slow"
)
until(lambda: len(StartedJobRegistry(queue=slow)) == 1, "the job runs")
first = mail.enqueue(succeed)
mail.enqueue(succeed, depends_on=hanging)
mail.enqueue(succeed)
mail.enqueue_in(timedelta(hours=1), succeed)
colons.enqueue(succeed)
oldest = first.enqueued_at.replace(tzinfo=UTC).timestamp()
report(
    step="filled",
    **facts(),
    workers={"slow": 1, "mail": 0},
    silent={"slow": 0},
    orphaned={"slow": 0},
    oldest={"mail": oldest},
    pid=worker.pid,
)
worker.wait()
# What the server does by itself two minutes later: the worker's hash and its job's heartbeat run out.
connection.delete("rq:worker:hands")
report(
    step="killed",
    **facts(),
    workers={"slow": 0},
    silent={"slow": 1},
    orphaned={"slow": 1},
    oldest={"mail": oldest},
    later=1000,
)
