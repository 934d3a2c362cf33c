"""Bull's and Bee-Queue's traps."""

import base64

import pytest
import redis

from tests.fake_server import AnyServer
from tests.queues.reading import Watcher, read_queues

AT = 1_700_000_000.0
JOB = f'name __default__ data {{}} opts {{"attempts":1}} timestamp {int(AT * 1000) - 5000}'.split()


def test_priority_only_orders_what_waits_already(either_server: AnyServer) -> None:
    client = either_server.client
    client.set("bull:mail:id", 3)
    client.lpush("bull:mail:wait", "1", "2", "3")
    client.zadd("bull:mail:priority", {"2": 1, "3": 5})
    client.hset("bull:mail:1", items=JOB)
    report = read_queues(either_server.url, AT)["bull", "mail"]
    assert report.jobs["waiting"] == 3
    assert "prioritized" not in report.jobs


def test_an_id_alone_is_no_queue(either_server: AnyServer) -> None:
    either_server.client.set("user:id", 3)
    either_server.client.set("session:health:id", "x")
    assert read_queues(either_server.url, AT) == {}


def test_the_three_layouts_in_one_database_are_told_apart(either_server: AnyServer) -> None:
    client = either_server.client
    for stem in ("bull:old", "bull:new", "bq:bee"):
        client.set(f"{stem}:id", 1)
        client.lpush(f"{stem}:active", "1")
    client.lpush("bull:old:wait", "1")
    client.hset("bull:old:1", items=JOB)
    client.hset("bull:new:meta", "version", "bullmq:6.7.0")
    client.lpush("bq:bee:waiting", "1")
    client.hset("bq:bee:jobs", "1", '{"data":{},"options":{},"status":"created"}')
    assert set(read_queues(either_server.url, AT)) == {
        ("bull", "old"),
        ("bullmq", "new"),
        ("bee-queue", "bee"),
    }


def end_bull_jobs(server: AnyServer, at: float, completed: int, failed: int, keep: int | None = None) -> None:
    """What is left of jobs that were added and have ended, at most `keep` of them of each kind."""
    client = server.client
    client.incrby("bull:mail:id", completed + failed)
    for state, jobs in (("completed", completed), ("failed", failed)):
        if jobs and keep != 0:
            first = int(at * 1000)
            ended = {f"{state}/{at}/{job}": first + job for job in range(jobs)}
            client.zadd(f"bull:mail:{state}", ended)
            for job in ended if jobs < 10 else list(ended)[:1] + list(ended)[-1:]:
                client.hset(f"bull:mail:{job}", items=JOB)
        if keep is not None:
            client.zremrangebyrank(f"bull:mail:{state}", 0, -(keep + 1))


def add_waiting(server: AnyServer) -> None:
    server.client.lpush("bull:mail:wait", "x")
    server.client.hset("bull:mail:x", items=JOB)


def bull_ends(watcher: Watcher, at: float) -> dict[str, float]:
    return {outcome: ends for outcome, ends in watcher.read(at)["bull", "mail"].finished.items() if ends}


def test_without_metrics_ends_are_counted_by_what_is_kept(either_server: AnyServer) -> None:
    add_waiting(either_server)
    end_bull_jobs(either_server, AT - 3600, 1000, 50)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["bull", "mail"].finished == {"completed": 0, "failed": 0}
        end_bull_jobs(either_server, AT + 5, 800, 400)
        assert bull_ends(watcher, AT + 15) == {"completed": 800, "failed": 400}
        # Cleaned, and tried again: neither is an end.
        either_server.client.delete("bull:mail:completed")
        either_server.client.zpopmin("bull:mail:failed", 50)
        either_server.client.lpush("bull:mail:wait", *range(50))
        assert bull_ends(watcher, AT + 30) == {"completed": 800, "failed": 400}
        assert watcher.values("redis_queue_jobs_finished_derived_total")


def test_sets_of_ended_jobs_that_are_full_count_too(either_server: AnyServer) -> None:
    add_waiting(either_server)
    end_bull_jobs(either_server, AT - 3600, 1000, 1000, keep=500)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        end_bull_jobs(either_server, AT + 5, 300, 20, keep=500)
        assert bull_ends(watcher, AT + 15) == {"completed": 300, "failed": 20}


def test_removed_as_they_end_jobs_were_completed_where_failed_ones_are_kept(either_server: AnyServer) -> None:
    add_waiting(either_server)
    either_server.client.incr("bull:mail:id")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        end_bull_jobs(either_server, AT + 5, 300, 0, keep=0)
        assert bull_ends(watcher, AT + 15) == {"unknown": 300}
        end_bull_jobs(either_server, AT + 20, 0, 100)
        either_server.client.incrby("bull:mail:id", 200)
        assert bull_ends(watcher, AT + 30) == {"unknown": 300, "completed": 200, "failed": 100}


def test_a_queue_of_bull_that_is_new_counts_from_its_first_job(either_server: AnyServer) -> None:
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        end_bull_jobs(either_server, AT + 5, 800, 400)
        watcher.find(AT + 60)
        assert bull_ends(watcher, AT + 60) == {"completed": 800, "failed": 400}


def test_metrics_of_bulls_workers_come_before_what_is_derived(either_server: AnyServer) -> None:
    end_bull_jobs(either_server, AT - 60, 5, 5)
    either_server.client.hset("bull:mail:metrics:completed", "count", 41)
    report = read_queues(either_server.url, AT)["bull", "mail"]
    assert (report.finished, report.derived) == ({"completed": 41}, {})


def test_a_worker_alone_is_bulls_until_bullmq_writes(either_server: AnyServer) -> None:
    """Before version 5, workers of BullMQ leave what Bull's leave, until the first job."""
    client = either_server.client
    client.set("bull:mail:stalled-check", int(AT * 1000), px=600_000)
    worker = redis.Redis(port=either_server.port, client_name=f"bull:{base64.b64encode(b'mail').decode()}")
    worker.ping()
    with Watcher(either_server.url) as watcher:
        watcher.find(AT - 100)
        watcher.read(AT - 50)
        assert {queue: report.workers for queue, report in watcher.read(AT).items()} == {("bull", "mail"): 1}
        client.hset("bull:mail:meta", "opts.maxLenEvents", 10000)
        watcher.find(AT)
        assert set(watcher.read(AT + 1)) == {("bullmq", "mail")}
        watcher.read(AT + 100)
        assert set(watcher.read(AT + 101)) == {("bullmq", "mail")}
    worker.close()


def test_a_connections_name_alone_is_no_queue(either_server: AnyServer) -> None:
    names = (f"bull:{base64.b64encode(b'mail').decode()}", "worker:abcd", "cron:w:nightly", "api:/w==")
    connections = [redis.Redis(port=either_server.port, client_name=name) for name in names]
    for connection in connections:
        connection.ping()
    either_server.client.set("bull:mail:stalled-check", "never")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT + 50)
        assert watcher.read(AT + 100) == {}
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("wait", "list"),
        ("paused", "list"),
        ("active", "list"),
        ("delayed", "zset"),
        ("completed", "zset"),
        ("failed", "zset"),
    ],
)
def test_a_job_in_any_one_state_is_enough(either_server: AnyServer, part: str, kind: str) -> None:
    client = either_server.client
    client.set("bull:mail:id", 1)
    client.hset("bull:mail:1", items=JOB)
    if kind == "list":
        client.lpush(f"bull:mail:{part}", "1")
    else:
        client.zadd(f"bull:mail:{part}", {"1": AT * 1000})
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        assert set(watcher.read(AT)) == {("bull", "mail")}
        # Once known it stays known.
        client.flushdb()
        watcher.find(AT + 60)
        assert sum(watcher.read(AT + 60)["bull", "mail"].jobs.values()) == 0


def test_an_empty_queue_is_known_by_the_counts_of_its_metrics(either_server: AnyServer) -> None:
    client = either_server.client
    client.set("bull:mail:id", 9)
    client.hset("bull:mail:metrics:completed", mapping={"count": 9, "prevTS": 1, "prevCount": 8})
    client.zadd("bull:mail:completed", {"9": AT * 1000})
    assert set(read_queues(either_server.url, AT)) == {("bull", "mail")}
