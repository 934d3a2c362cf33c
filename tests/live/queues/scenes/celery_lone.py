"""Queues of Celery whose brokers have many options. Usage: python celery_lone.py REDIS_URL"""

import sys

from celery import Celery
from scene_stage import report

URL = sys.argv[1]
APPLICATIONS = [
    # Each queue has an exchange of its own, by default.
    (0, {}, "nobody"),
    (0, {}, "a:b"),
    (1, {"sep": ":"}, "colons"),
    (2, {"sep": "|", "priority_steps": list(range(10))}, "bars"),
    (3, {"priority_steps": [0, 20, 40]}, "far"),
    (4, {"sep": "::", "global_keyprefix": "shop:"}, "prefixed"),
    # A name may hold what separates.
    (5, {"sep": "-"}, "with-hyphens"),
    (6, {"sep": ":"}, "c:d"),
]


def send(app, queue):
    for priority in (0, 3, 9, 9, 25):
        app.send_task("work", queue=queue, priority=priority)


jobs = {}
for database, options, queue in APPLICATIONS:
    app = Celery(f"app{database}", broker=f"{URL}/{database}")
    app.conf.broker_transport_options = {"queue_order_strategy": "priority", **options}
    send(app, queue)
    prefix = options.get("global_keyprefix", "")
    jobs |= {prefix + queue: {"waiting": 5}, prefix + "*": {}}
report(step="filled", framework="celery", jobs=jobs)
