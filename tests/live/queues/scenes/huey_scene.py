"""Tasks of Huey in every state. Usage: python huey_scene.py REDIS_URL"""

import os
import sys

os.environ["SCENE_URL"] = URL = sys.argv[1]

from huey import PriorityRedisHuey, RedisHuey
from huey_tasks import hang, slow
from scene_stage import program, report, start, until

plain = RedisHuey("mail", url=URL)
ranked = PriorityRedisHuey("ranked", url=URL)


@plain.task()
def work():
    return "done"


@ranked.task()
def rank():
    return "done"


results = [work(), work()]
consumer = plain.create_consumer(workers=1)
consumer.start()
until(lambda: all(result.get() == "done" for result in results), "tasks are done")
consumer.stop(graceful=True)
for _ in range(3):
    work()
work.schedule(delay=3600)
for priority in (5, 1, 9):
    rank(priority=priority)
# As a consumer does with a task that is not due yet.
schedule = plain.dequeue()
while schedule is not None and schedule.eta is None:
    plain.enqueue(schedule)
    schedule = plain.dequeue()
plain.add_schedule(schedule)
hang()
hands = start(program("huey_consumer"), "huey_tasks.slow", "--workers", "1", "--quiet")
until(lambda: slow.storage.conn.delete("hanging"), "the task runs")
hang()


def facts():
    return {
        "framework": "huey",
        "jobs": {
            queue.name: {"waiting": queue.pending_count(), "scheduled": queue.scheduled_count()}
            for queue in (plain, ranked, slow)
        },
        "overdue": {"mail": 0},
        # Huey keeps nothing of a task that runs: what a killed consumer had in its hands is lost.
        "orphaned": {"slow": None},
    }


report(step="filled", **facts(), pid=hands.pid)
hands.wait()
report(step="killed", **facts())
