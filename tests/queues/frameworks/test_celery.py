"""Celery's traps."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from exporter.config.samplers.queues import CelerySection, QueuesSection
from tests.fake_server import AnyServer
from tests.queues.reading import Watcher, read_queues
from tests.queues.test_celery_events import heartbeat
from tests.servers import RealServer

AT = 1_700_000_000.0
SEPARATOR = "\x06\x16"


def bind(
    server: AnyServer, queue: str, exchange: str = "celery", prefix: str = "", separator: str = SEPARATOR
) -> None:
    server.client.sadd(f"{prefix}_kombu.binding.{exchange}", separator.join((queue, "", queue)))


def with_options(**options: object) -> QueuesSection:
    return QueuesSection.model_validate({"celery": options})


def test_the_depth_is_the_sum_over_all_steps(either_server: AnyServer) -> None:
    bind(either_server, "celery")
    for step, jobs in (("", 1), ("3", 2), ("6", 3), ("9", 4), ("5", 5)):
        key = "celery" + (SEPARATOR + step if step else "")
        either_server.client.lpush(key, *range(jobs))
    assert read_queues(either_server.url, AT)["celery", "celery"].jobs == {"waiting": 15}


def test_an_empty_queue_is_0_by_its_binding(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    report = read_queues(either_server.url, AT)["celery", "mail"]
    assert (report.jobs, report.oldest_job_age_seconds) == ({"waiting": 0}, 0)


def test_workers_own_queues_are_left_out(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    bind(either_server, "a@host.celery.pidbox", "celery.pidbox")
    bind(either_server, "celeryev.1234", "celeryev")
    assert set(read_queues(either_server.url, AT)) == {("celery", "mail"), ("celery", "*")}


def test_every_exchange_and_prefix_is_found(either_server: AnyServer) -> None:
    bind(either_server, "mail", "topic")
    bind(either_server, "mail", "celery", prefix="shop:")
    either_server.client.lpush("shop:mail", "{}")
    found = read_queues(either_server.url, AT)
    assert {queue for _, queue in found} == {"mail", "*", "shop:mail", "shop:*"}
    assert found["celery", "shop:mail"].jobs == {"waiting": 1}


def test_age_counts_from_when_the_oldest_was_first_seen(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    either_server.client.lpush("mail", "first")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        ages = []
        for passed, push in ((0, "second"), (60, "third"), (120, "")):
            report = watcher.read(AT + passed)["celery", "mail"]
            ages.append((report.oldest_job_age_seconds, report.age_method))
            if push:
                either_server.client.lpush("mail", push)
        either_server.client.rpop("mail")
        ages.append((watcher.read(AT + 130)["celery", "mail"].oldest_job_age_seconds, "first_seen"))
        either_server.client.delete("mail")
        ages.append((watcher.read(AT + 140)["celery", "mail"].oldest_job_age_seconds, "first_seen"))
    assert ages == [(age, "first_seen") for age in (0, 60, 120, 0, 0)]


def test_what_is_unacknowledged_for_too_long_is_orphaned(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    either_server.client.hset("unacked", mapping={"a": "[]", "b": "[]"})
    either_server.client.zadd("unacked_index", {"a": AT - 3601, "b": AT - 3599})
    report = read_queues(either_server.url, AT)["celery", "*"]
    assert (report.jobs, report.orphaned) == ({"delayed": 0, "reserved": 2}, 1)


def hold(server: AnyServer, tag: str, at: float, eta: str | None = None, size: int = 0) -> None:
    """A message that a worker has fetched."""
    message = {"body": "x" * size, "headers": {"id": tag, "eta": eta}, "properties": {"delivery_tag": tag}}
    server.client.hset("unacked", tag, json.dumps([message, "celery", "mail"]))
    server.client.zadd("unacked_index", {tag: at})


def drop(server: AnyServer, *tags: str) -> None:
    server.client.hdel("unacked", *tags)
    server.client.zrem("unacked_index", *tags)


def moment_of(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def beat(
    watcher: Watcher, at: float, processed: int, active: int, pid: int = 7, name: str = "a@host"
) -> None:
    """A heartbeat, as if it had been heard at that moment."""
    watcher.clock.at = at
    watcher.sampler._celery._listening_since = AT - 100
    watcher.sampler._celery.receive(heartbeat(name, processed, active=active, pid=pid))


def test_what_runs_waits_for_its_moment_and_was_fetched_ahead_is_told_apart(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    for number, eta in enumerate((None, None, None, moment_of(AT + 40))):
        hold(either_server, f"tag{number}", AT - 10 + number, eta)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        beat(watcher, AT, processed=9, active=2)
        assert watcher.read(AT)["celery", "*"].jobs == {"active": 2, "delayed": 1, "reserved": 1}
        # Its moment has come, and a worker has begun it.
        beat(watcher, AT + 60, processed=10, active=3)
        assert watcher.read(AT + 60)["celery", "*"].jobs == {"active": 3, "delayed": 0, "reserved": 1}


def test_delayed_tasks_that_leave_the_workers_are_counted_no_more(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    for number in range(700):
        hold(either_server, f"tag{number}", AT - 700 + number, moment_of(AT + 3600))
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        told = [watcher.read(AT + 15 * number)["celery", "*"].jobs["delayed"] for number in range(3)]
        assert told == [500, 700, 700]
        drop(either_server, *(f"tag{number}" for number in range(300)))
        told = [watcher.read(AT + 60 + 15 * number)["celery", "*"].jobs["delayed"] for number in range(2)]
        assert told[-1] == 400


def test_large_messages_are_not_fetched(empty_server: RealServer) -> None:
    bind(empty_server, "mail")
    hold(empty_server, "large", AT - 2, moment_of(AT + 3600), size=100_000)
    hold(empty_server, "small", AT - 1, moment_of(AT + 3600))
    before = empty_server.client.info("stats")["total_net_output_bytes"]
    assert read_queues(empty_server.url, AT)["celery", "*"].jobs == {"delayed": 1, "reserved": 1}
    assert empty_server.client.info("stats")["total_net_output_bytes"] - before < 50_000


def test_where_tasks_are_acknowledged_as_they_begin_none_that_runs_is_held(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        for passed in (0, 15):
            beat(watcher, AT + passed, processed=5, active=2)
            assert watcher.read(AT + passed)["celery", "*"].jobs["reserved"] == 0
        for number in range(3):
            hold(either_server, f"tag{number}", AT + 20 + number)
        beat(watcher, AT + 30, processed=5, active=2)
        assert watcher.read(AT + 30)["celery", "*"].jobs == {"active": 2, "delayed": 0, "reserved": 3}


def ended(watcher: Watcher, at: float) -> float:
    return watcher.read(at)["celery", "*"].finished["unknown"]


def test_tasks_have_ended_when_they_are_done_over_restarts_of_workers(either_server: AnyServer) -> None:
    bind(either_server, "mail")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        beat(watcher, AT, processed=100, active=2)
        assert ended(watcher, AT) == 98
        beat(watcher, AT + 2, processed=102, active=2)
        beat(watcher, AT + 4, processed=102, active=0)
        # Another process takes its place, between two passes.
        beat(watcher, AT + 6, processed=1, active=1, pid=8)
        beat(watcher, AT + 8, processed=6, active=1, pid=8)
        assert ended(watcher, AT + 15) == 107
        beat(watcher, AT + 16, processed=3, active=3, pid=8)
        assert ended(watcher, AT + 30) == 107
        beat(watcher, AT + 32, processed=3, active=0, pid=8)
        assert ended(watcher, AT + 45) == 110


def test_a_silent_worker_is_told_once_and_not_for_every_queue(either_server: AnyServer) -> None:
    for queue in ("mail", "video", "report"):
        bind(either_server, queue)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        beat(watcher, AT, processed=1, active=1)
        watcher.read(AT + 60)
        assert set(watcher.values("redis_queue_stale_workers").values()) == {1.0}
        watcher.read(AT + 60)
        assert len(watcher.values("redis_queue_workers")) == 4
        report = watcher.read(AT + 75)["celery", "*"]
        assert (report.silent_workers, report.workers, report.jobs["active"]) == (1, 0, 0)


def test_foreign_keys_of_these_names_do_no_harm(either_server: AnyServer) -> None:
    either_server.client.set("_kombu.binding.celery", "a string")
    either_server.client.sadd("_kombu.binding.odd", "no separators", SEPARATOR.join("abcd"), "")
    bind(either_server, "mail", "real")
    either_server.client.set("mail", "no list")
    report = read_queues(either_server.url, AT)["celery", "mail"]
    # The list of step 0 is unreadable, those of the other steps are empty.
    assert report.jobs == {"waiting": 0}


@pytest.mark.parametrize("separator", [":", "::", "|", "-", "_", "#p", ".", "/", "\x01", " "])
def test_what_separates_priorities_shows_in_the_bindings(either_server: AnyServer, separator: str) -> None:
    # Letters and digits are what names are made of.
    settings = with_options(sep=separator) if separator == "#p" else QueuesSection()
    bind(either_server, "mail", "mail", separator=separator)
    bind(either_server, "later", "mail", separator=separator)
    # What workers have of their own is no queue with any separator.
    either_server.client.sadd(
        "_kombu.binding.celery.pidbox", separator.join(("", "", "hands@host.celery.pidbox"))
    )
    either_server.client.sadd("_kombu.binding.celeryev", separator.join(("worker", "", "celeryev.1")))
    either_server.client.lpush("mail", "{}")
    either_server.client.lpush(f"mail{separator}9", "{}", "{}")
    either_server.client.lpush(f"mail{separator}archive", "old", "older")
    found = read_queues(either_server.url, AT, settings)
    assert {queue: report.jobs for (_, queue), report in found.items() if queue != "*"} == {
        "mail": {"waiting": 3},
        "later": {"waiting": 0},
    }


def test_a_name_may_hold_what_separates_priorities(either_server: AnyServer) -> None:
    bind(either_server, "a:b", "a:b", separator=":")
    bind(either_server, "mail", "mail", separator=":")
    either_server.client.lpush("a:b:3", "{}")
    found = read_queues(either_server.url, AT)
    assert {queue: report.jobs["waiting"] for (_, queue), report in found.items() if queue != "*"} == {
        "a:b": 1,
        "mail": 0,
    }


def test_keys_of_others_that_look_like_priorities_are_left_alone(each_empty_server: AnyServer) -> None:
    client = each_empty_server.client
    bind(each_empty_server, "orders", "orders", separator=":")
    client.lpush("orders", "{}")
    client.lpush("orders:1", "{}", "{}")
    client.hset("orders:2", "customer", "anna")
    client.set("orders:3", "paid")
    client.config_resetstat()
    with Watcher(each_empty_server.url) as watcher:
        watcher.find(AT)
        for passed in (0, 5, 10):
            assert watcher.read(AT + passed)["celery", "orders"].jobs == {"waiting": 3}
        ours = watcher.facts.keyspace_stats.hits, watcher.facts.keyspace_stats.misses
    facts = client.info("stats")
    assert client.info("errorstats") == {}
    assert ours == (facts["keyspace_hits"], facts["keyspace_misses"])


def test_two_applications_may_separate_in_two_ways(either_server: AnyServer) -> None:
    bind(either_server, "mail", "mail")
    bind(either_server, "films", "films", separator=":")
    bind(either_server, "mail", "mail", prefix="shop.", separator="|")
    # A routing key of another name, and the expression that a topic exchange makes of it.
    either_server.client.sadd("_kombu.binding.topics", "films.#:^films$:reviews")
    for key in ("mail\x06\x163", "films:3", "shop.mail|3", "reviews:3"):
        either_server.client.lpush(key, "{}")
    found = read_queues(either_server.url, AT)
    waiting = {queue: report.jobs["waiting"] for (_, queue), report in found.items() if "*" not in queue}
    assert waiting == {"mail": 1, "films": 1, "shop.mail": 1, "reviews": 1}


@pytest.mark.parametrize(
    "bindings",
    [
        ("tasks.mail::mail", "tasks.eu-west.sms::sms"),
        (r"mail.*:^mail\..*?[^\.]$:mail", "sms.#::sms"),
        ("high--prio::mail", "low::sms"),
    ],
    ids=["direct", "topic", "other signs in a key"],
)
def test_what_separates_priorities_shows_beside_routing_keys_of_other_names(
    either_server: AnyServer, bindings: Sequence[str]
) -> None:
    either_server.client.sadd("_kombu.binding.tasks", *bindings)
    for key in ("mail", "mail:3", "mail:9", "sms:5"):
        either_server.client.lpush(key, "{}")
    found = read_queues(either_server.url, AT)
    waiting = {queue: report.jobs["waiting"] for (_, queue), report in found.items() if queue != "*"}
    assert waiting == {"mail": 3, "sms": 1}


def test_a_priority_beyond_9_is_found_by_its_list(either_server: AnyServer) -> None:
    bind(either_server, "mail", "mail")
    bind(either_server, "mail", "mail", prefix="shop:")
    for prefix, step, jobs in (("", "", 1), ("", "10", 2), ("", "250", 3), ("shop:", "10", 4)):
        key = prefix + "mail" + (SEPARATOR + step if step else "")
        either_server.client.lpush(key, *range(jobs))
    found = read_queues(either_server.url, AT)
    assert found["celery", "mail"].jobs == {"waiting": 6}
    assert found["celery", "shop:mail"].jobs == {"waiting": 4}


def test_the_options_of_the_broker_may_be_configured(either_server: AnyServer) -> None:
    settings = with_options(
        sep="x", priority_steps=(0, 20, 40), unacked_key="held", unacked_index_key="held_since"
    )
    bind(either_server, "mail", "mail", separator="x")
    either_server.client.lpush("mail", "{}")
    either_server.client.lpush("mailx20", "{}", "{}")
    # No step of this application.
    either_server.client.lpush("mailx3", "{}", "{}", "{}")
    either_server.client.hset("held", "a", "[]")
    either_server.client.hset("unacked", mapping={"a": "[]", "b": "[]"})
    either_server.client.zadd("held_since", {"a": AT - 4000})
    found = read_queues(either_server.url, AT, settings)
    assert found["celery", "mail"].jobs == {"waiting": 3}
    assert (found["celery", "*"].jobs["reserved"], found["celery", "*"].orphaned) == (1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"priority_steps": ()}, "names no step"),
        ({"priority_steps": (3, 0)}, "ascending"),
        ({"priority_steps": (0, 3, 3)}, "each step once"),
        ({"priority_steps": (-1, 3)}, "greater than or equal to 0"),
        ({"priority_steps": tuple(range(65))}, "at most 64"),
        ({"sep": ""}, "at least 1 character"),
        ({"unacked_key": ""}, "at least 1 character"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CelerySection.model_validate(options)
