"""The frameworks that are known from their sources only: keys made by hand, as those sources write them."""

import json

from tests.fake_server import AnyServer
from tests.queues.reading import read_queues

AT = 1_700_000_000.0
AT_MS = int(AT * 1000)


def test_resque(either_server: AnyServer) -> None:
    client = either_server.client
    client.sadd("resque:queues", "mail", "empty")
    client.rpush("resque:queue:mail", *(json.dumps({"class": "Send", "args": [n]}) for n in range(3)))
    client.rpush("resque:failed", "{}", "{}")
    client.mset({"resque:stat:processed": 10, "resque:stat:failed": 4})
    client.sadd("resque:workers", "host:1:mail,low", "host:2:*", "host:3:low")
    client.hset(
        "resque:workers:heartbeat",
        mapping={"host:1:mail,low": "2023-11-14T22:13:00Z", "host:2:*": "2023-11-14T21:00:00Z"},
    )
    client.set("resque:worker:host:2:*", json.dumps({"queue": "mail", "run_at": "2023-11-14T21:00:00Z"}))
    found = read_queues(either_server.url, AT)
    mail = found["resque", "mail"]
    assert (mail.jobs, mail.orphaned, mail.workers, mail.silent_workers) == (
        {"waiting": 3, "active": 1},
        1,
        1,
        0,
    )
    assert (mail.oldest_job_age_seconds, mail.age_method) == (0, "first_seen")
    assert found["resque", "empty"].jobs == {"waiting": 0, "active": 0}
    total = found["resque", "*"]
    assert (total.jobs, total.finished) == ({"failed": 2}, {"completed": 6, "failed": 4})
    assert (total.workers, total.silent_workers) == (2, 1)


def test_resque_in_a_namespace_of_its_own(either_server: AnyServer) -> None:
    either_server.client.sadd("shop:resque:queues", "mail")
    either_server.client.rpush("shop:resque:queue:mail", '{"class":"Send","args":[]}')
    assert read_queues(either_server.url, AT)["resque", "shop:resque:mail"].jobs["waiting"] == 1


def test_sidekiq_8_and_a_namespace(either_server: AnyServer) -> None:
    client = either_server.client
    for base in ("", "shop:"):
        client.sadd(f"{base}queues", "mail")
        job = {"class": "Send", "jid": "abc", "created_at": AT_MS - 90_000, "enqueued_at": AT_MS - 60_000}
        client.lpush(f"{base}queue:mail", json.dumps(job))
        client.sadd(f"{base}processes", "host:1:abc")
        client.hset(
            f"{base}host:1:abc", mapping={"info": json.dumps({"queues": ["mail"]}), "busy": 1, "beat": AT - 3}
        )
        work = {"queue": "mail", "payload": "{}", "run_at": int(AT)}
        client.hset(f"{base}host:1:abc:work", "tid", json.dumps(work))
    found = read_queues(either_server.url, AT)
    for queue in ("mail", "shop:mail"):
        report = found["sidekiq", queue]
        assert (report.jobs, report.workers) == ({"waiting": 1, "active": 1}, 1)
        assert (report.oldest_job_age_seconds, report.last_heartbeat) == (60, AT - 3)


def test_a_set_named_queues_is_not_an_index_by_itself(either_server: AnyServer) -> None:
    either_server.client.sadd("queues", "mail")
    either_server.client.sadd("theatre:queues", "box office")
    assert read_queues(either_server.url, AT) == {}


def test_asynq(either_server: AnyServer) -> None:
    client = either_server.client
    stem = "asynq:{critical}"
    client.sadd("asynq:queues", "critical")
    client.lpush(f"{stem}:pending", "a", "b")
    client.hset(f"{stem}:t:a", "pending_since", int((AT - 42) * 1e9))
    client.lpush(f"{stem}:active", "c")
    client.zadd(f"{stem}:lease", {"c": int(AT) - 5})
    client.zadd(f"{stem}:scheduled", {"d": int(AT) + 60, "e": int(AT) - 60})
    client.zadd(f"{stem}:retry", {"f": int(AT) + 60})
    client.zadd(f"{stem}:archived", {"g": int(AT)})
    client.zadd(f"{stem}:completed", {"h": int(AT)})
    client.sadd(f"{stem}:groups", "daily", "weekly")
    client.zadd(f"{stem}:g:daily", {"i": int(AT), "j": int(AT)})
    client.zadd(f"{stem}:g:weekly", {"k": int(AT)})
    client.mset({f"{stem}:processed": 9, f"{stem}:failed": 2, f"{stem}:paused": int(AT)})
    client.zadd(
        "asynq:servers", {"asynq:servers:{host:1:x}": int(AT) + 5, "asynq:servers:{gone}": int(AT) - 5}
    )
    report = read_queues(either_server.url, AT)["asynq", "critical"]
    assert report.jobs == {
        "waiting": 2,
        "active": 1,
        "scheduled": 2,
        "retry": 1,
        "dead": 1,
        "completed": 1,
        "aggregating": 3,
    }
    assert (report.oldest_job_age_seconds, report.orphaned, report.overdue) == (42, 1, 1)
    assert (report.paused, report.workers) == (True, 1)
    assert report.finished == {"completed": 7, "failed": 2}


def test_laravel_and_horizon(either_server: AnyServer) -> None:
    client = either_server.client
    job = {"uuid": "u", "displayName": "Send", "job": "CallQueuedHandler@call", "attempts": 0, "data": {}}
    client.rpush("shop_database_queues:default", json.dumps({**job, "pushedAt": f"{AT - 30:.4f}"}), "{}")
    client.zadd("shop_database_queues:default:delayed", {json.dumps(job): int(AT) - 100, "x": int(AT) + 100})
    client.zadd("shop_database_queues:default:reserved", {"a": int(AT) + 60, "b": int(AT) - 60})
    client.rpush("shop_database_queues:default:notify", 1)
    client.rpush("queues:mail", json.dumps({**job, "createdAt": int(AT) - 7}))
    found = read_queues(either_server.url, AT)
    assert set(found) == {("laravel", "shop_database_default"), ("laravel", "mail")}
    default = found["laravel", "shop_database_default"]
    assert default.jobs == {"waiting": 2, "delayed": 2, "active": 2}
    assert (default.orphaned, default.overdue, default.oldest_job_age_seconds) == (1, 1, 30)
    assert found["laravel", "mail"].oldest_job_age_seconds == 7


def test_lists_that_only_look_like_laravels_are_left_alone(either_server: AnyServer) -> None:
    either_server.client.rpush("queues:cinema", "popcorn")
    either_server.client.rpush("queues:theatre", '{"job": 1}')
    assert read_queues(either_server.url, AT) == {}
