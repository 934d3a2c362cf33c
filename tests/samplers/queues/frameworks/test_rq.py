"""RQ's workers and their counters."""

from exporter.samplers.queues import QueueReport
from tests.samplers.queues.reading import Watcher
from tests.servers import RealServer

AT = 1_700_000_000.0


def add_worker(server: RealServer, name: str, queues: str, done: int) -> None:
    key = f"rq:worker:{name}"
    server.client.sadd("rq:workers", key)
    for queue in queues.split(","):
        server.client.sadd(f"rq:workers:{queue}", key)
    server.client.hset(
        key,
        mapping={
            "last_heartbeat": "2023-11-14T22:13:15.000000Z",
            "queues": queues,
            "successful_job_count": done,
            "failed_job_count": 0,
        },
    )


def test_what_workers_have_done_is_counted_by_queue_where_that_is_known(empty_server: RealServer) -> None:
    client = empty_server.client
    client.sadd("rq:queues", "rq:queue:mail", "rq:queue:slow")
    add_worker(empty_server, "a", "mail", 100)
    add_worker(empty_server, "b", "mail,slow", 50)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        client.hset("rq:worker:a", "successful_job_count", 103)
        client.hset("rq:worker:b", "successful_job_count", 55)
        found = watcher.read(AT + 15)

    def done(report: QueueReport) -> float | None:
        return report.finished.get("completed")

    counts = {queue: done(report) for (_, queue), report in found.items()}
    assert counts == {"mail": 3, "slow": None, "*": 5}
    assert {queue: report.workers for (_, queue), report in found.items()} == {"mail": 2, "slow": 1, "*": 2}


def test_all_queues_together_have_no_jobs_of_their_own(empty_server: RealServer) -> None:
    empty_server.client.sadd("rq:queues", "rq:queue:mail")
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        total = watcher.read(AT)["rq", "*"]
    assert (total.jobs, total.oldest_job_age_seconds, total.paused) == ({}, None, None)


def test_suspended_workers_pause_every_queue(empty_server: RealServer) -> None:
    empty_server.client.sadd("rq:queues", "rq:queue:mail")
    empty_server.client.set("rq:suspended", 1)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["rq", "mail"].paused is True
