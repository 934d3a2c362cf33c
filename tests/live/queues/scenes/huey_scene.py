"""Tasks of Huey in every state. Usage: python huey_scene.py REDIS_URL"""

import sys

from huey import PriorityRedisHuey, RedisHuey
from scene_stage import report, until

URL = sys.argv[1]
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
report(
    step="filled",
    framework="huey",
    jobs={
        "mail": {"waiting": plain.pending_count(), "scheduled": plain.scheduled_count()},
        "ranked": {"waiting": ranked.pending_count(), "scheduled": ranked.scheduled_count()},
    },
    overdue={"mail": 0},
)
