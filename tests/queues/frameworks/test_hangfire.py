"""Hangfire, known from its source only: keys made by hand, as that source writes them."""

import redis

from tests.fake_server import AnyServer
from tests.queues.reading import read_queues

AT = 1_700_000_000.0
# `JobHelper.SerializeDateTime` writes ISO times, newer versions milliseconds.
ISO_40_S_AGO = "2023-11-14T22:12:40.0000000Z"
BASE = "{hangfire}:"


def fill(client: "redis.Redis", base: str = BASE) -> None:
    client.sadd(f"{base}queues", "default", "empty")
    client.lpush(f"{base}queue:default", "job-1", "job-2")
    client.lpush(f"{base}queue:default:dequeued", "job-3")
    job = {"Type": "Shop.Mailer", "Method": "Send", "CreatedAt": ISO_40_S_AGO, "State": "Enqueued"}
    for field, value in job.items():
        client.hset(f"{base}job:job-1", field, value)
    client.hset(
        f"{base}job:job-1:state",
        mapping={"State": "Enqueued", "EnqueuedAt": ISO_40_S_AGO, "Queue": "default"},
    )
    client.zadd(f"{base}schedule", {"job-4": int(AT) + 60, "job-5": int(AT) - 600})
    client.zadd(f"{base}failed", {"job-6": int(AT)})
    client.zadd(f"{base}awaiting", {"job-7": int(AT)})
    client.lpush(f"{base}succeeded", "job-8", "job-9")
    client.set(f"{base}stats:succeeded", 1200)
    client.sadd(f"{base}servers", "web:1", "web:2")
    for server, beat in (("web:1", int((AT - 20) * 1000)), ("web:2", int((AT - 900) * 1000))):
        started = int((AT - 9000) * 1000)
        client.hset(
            f"{base}server:{server}", mapping={"WorkerCount": 20, "StartedAt": started, "Heartbeat": beat}
        )
        client.rpush(f"{base}server:{server}:queues", "default")


def test_states_ages_and_servers(either_server: AnyServer) -> None:
    fill(either_server.client)
    found = read_queues(either_server.url, AT)
    assert set(found) == {("hangfire", queue) for queue in ("default", "empty", "*")}
    default, empty, total = (found["hangfire", queue] for queue in ("default", "empty", "*"))
    assert (default.jobs, default.oldest_job_age_seconds) == ({"waiting": 2, "active": 1}, 40)
    assert (default.workers, default.silent_workers, default.last_heartbeat) == (1, 1, AT - 20)
    assert (empty.jobs, empty.workers) == ({"waiting": 0, "active": 0}, 0)
    assert total.jobs == {"scheduled": 2, "deferred": 1, "failed": 1, "completed": 2}
    assert (total.overdue, total.finished, total.workers) == (1, {"completed": 1200}, 1)


def test_a_prefix_of_its_own(either_server: AnyServer) -> None:
    fill(either_server.client, "{shop}:hf:")
    assert ("hangfire", "{shop}:hf:default") in read_queues(either_server.url, AT)


def test_an_idle_one_is_known_by_its_server(either_server: AnyServer) -> None:
    client = either_server.client
    client.sadd(f"{BASE}queues", "default")
    assert read_queues(either_server.url, AT) == {}
    client.sadd(f"{BASE}servers", "web:1")
    client.hset(f"{BASE}server:web:1", mapping={"WorkerCount": 20, "StartedAt": int(AT * 1000)})
    assert ("hangfire", "default") in read_queues(either_server.url, AT)
