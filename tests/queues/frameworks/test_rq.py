"""RQ's workers and their counters."""

from exporter.queues import QueueReport
from tests.fake_server import AnyServer
from tests.queues.reading import Watcher

AT = 1_700_000_000.0


def add_worker(server: AnyServer, name: str, queues: str, done: int) -> None:
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


def test_what_workers_have_done_is_counted_by_queue_where_that_is_known(either_server: AnyServer) -> None:
    client = either_server.client
    client.sadd("rq:queues", "rq:queue:mail", "rq:queue:slow")
    add_worker(either_server, "a", "mail", 100)
    add_worker(either_server, "b", "mail,slow", 50)
    with Watcher(either_server.url) as watcher:
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


def test_all_queues_together_have_no_jobs_of_their_own(either_server: AnyServer) -> None:
    either_server.client.sadd("rq:queues", "rq:queue:mail")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        total = watcher.read(AT)["rq", "*"]
    assert (total.jobs, total.oldest_job_age_seconds, total.paused) == ({}, None, None)


def test_suspended_workers_pause_every_queue(either_server: AnyServer) -> None:
    either_server.client.sadd("rq:queues", "rq:queue:mail")
    either_server.client.set("rq:suspended", 1)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["rq", "mail"].paused is True


def test_canceled_jobs_and_those_on_the_way_to_a_worker_are_shown(either_server: AnyServer) -> None:
    client = either_server.client
    add_worker(either_server, "a", "mail", 0)
    client.zadd("rq:canceled:mail", {"x": AT, "y": AT})
    client.lpush("rq:queue:mail:intermediate", "z")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        jobs = watcher.read(AT)["rq", "mail"].jobs
    assert {state: number for state, number in jobs.items() if number} == {"canceled": 2, "intermediate": 1}


def test_a_worker_that_was_started_while_we_watch_counts_from_its_first_job(either_server: AnyServer) -> None:
    add_worker(either_server, "a", "mail", 100)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        add_worker(either_server, "b", "mail", 40)
        either_server.client.hset("rq:worker:b", "birth", "2023-11-14T22:13:25.000000Z")
        assert watcher.read(AT + 15)["rq", "mail"].finished["completed"] == 40


def test_a_worker_that_was_killed_is_told_once(either_server: AnyServer) -> None:
    for queue in ("mail", "slow"):
        either_server.client.sadd("rq:queues", f"rq:queue:{queue}")
    add_worker(either_server, "alive", "mail,slow", 1)
    add_worker(either_server, "one", "mail", 1)
    add_worker(either_server, "several", "mail,slow", 1)
    either_server.client.delete("rq:worker:one", "rq:worker:several")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        found = watcher.read(AT)
    stale = {queue: report.silent_workers for (_, queue), report in found.items()}
    assert stale == {"mail": 1, "slow": 0, "*": 1}
    assert {queue: report.workers for (_, queue), report in found.items()} == {"mail": 1, "slow": 1, "*": 1}
