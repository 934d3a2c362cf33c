"""Messages of Dramatiq in every state. Usage: python dramatiq_scene.py REDIS_URL"""

import os
import sys

os.environ["SCENE_URL"] = sys.argv[1]

from dramatiq import Worker
from dramatiq_tasks import broker, fail, hang, succeed
from scene_stage import report, start, until

client = broker.client
for _ in range(2):
    succeed.send()
fail.send()
worker = Worker(broker, worker_threads=1, queues=["mail"])
worker.start()
until(lambda: client.zcard("dramatiq:mail.XQ") == 1 and broker.do_qsize("mail") == 0, "messages are done")
worker.stop()

hang.send()
hands = start(sys.executable, "-c", "import dramatiq_tasks; dramatiq_tasks.serve('slow')")
until(lambda: client.llen("dramatiq:slow") == 0, "the message is fetched")
oldest = succeed.send()
succeed.send()
succeed.send_with_options(delay=3_600_000)


def facts():
    sizes = {name: broker.do_qsize(name) for name in ("mail", "slow")}
    jobs = {
        # The framework's own size counts waiting, fetched and delayed messages together.
        "mail": {"waiting": sizes["mail"] - 1, "delayed": 1, "active": 0, "dead": 1},
        "slow": {"waiting": 0, "delayed": 0, "active": client.hlen("dramatiq:slow.msgs"), "dead": 0},
    }
    return {"framework": "dramatiq", "jobs": jobs, "oldest": {"mail": oldest.message_timestamp / 1000}}


report(step="filled", **facts(), orphaned={"slow": 0, "mail": 0}, silent={"slow": 0}, pid=hands.pid)
hands.wait()
report(
    step="killed",
    **facts(),
    orphaned={"slow": 1, "mail": 0},
    silent={"slow": 1},
    workers={"slow": 0},
    later=90,
)
