"""A Celery application. The server is `$SCENE_URL`."""

import os
import time

from celery import Celery
from kombu import Queue

app = Celery("scene", broker=os.environ["SCENE_URL"], backend=os.environ["SCENE_URL"])
app.conf.task_queues = [Queue(name, routing_key=name) for name in ("celery", "mail", "empty")]
app.conf.task_default_queue = "celery"
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_transport_options = {"queue_order_strategy": "priority"}
app.conf.task_acks_late = os.environ.get("SCENE_ACKS", "late") == "late"


@app.task
def succeed():
    return "done"


@app.task
def hang():
    time.sleep(600)
