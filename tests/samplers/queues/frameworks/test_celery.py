"""Celery's traps."""

from tests.samplers.queues.reading import Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
SEPARATOR = "\x06\x16"


def bind(server: RealServer, queue: str, exchange: str = "celery", prefix: str = "") -> None:
    server.client.sadd(f"{prefix}_kombu.binding.{exchange}", SEPARATOR.join((queue, "", queue)))


def test_the_depth_is_the_sum_over_all_steps(empty_server: RealServer) -> None:
    bind(empty_server, "celery")
    for step, jobs in (("", 1), ("3", 2), ("6", 3), ("9", 4), ("5", 5)):
        key = "celery" + (SEPARATOR + step if step else "")
        empty_server.client.lpush(key, *range(jobs))
    assert read_queues(empty_server.url, AT)["celery", "celery"].jobs == {"waiting": 15}


def test_an_empty_queue_is_0_by_its_binding(empty_server: RealServer) -> None:
    bind(empty_server, "mail")
    report = read_queues(empty_server.url, AT)["celery", "mail"]
    assert (report.jobs, report.oldest_job_age_seconds) == ({"waiting": 0}, 0)


def test_workers_own_queues_are_left_out(empty_server: RealServer) -> None:
    bind(empty_server, "mail")
    bind(empty_server, "a@host.celery.pidbox", "celery.pidbox")
    bind(empty_server, "celeryev.1234", "celeryev")
    assert set(read_queues(empty_server.url, AT)) == {("celery", "mail"), ("celery", "*")}


def test_every_exchange_and_prefix_is_found(empty_server: RealServer) -> None:
    bind(empty_server, "mail", "topic")
    bind(empty_server, "mail", "celery", prefix="shop:")
    empty_server.client.lpush("shop:mail", "{}")
    found = read_queues(empty_server.url, AT)
    assert {queue for _, queue in found} == {"mail", "*", "shop:mail", "shop:*"}
    assert found["celery", "shop:mail"].jobs == {"waiting": 1}


def test_age_counts_from_when_the_oldest_was_first_seen(empty_server: RealServer) -> None:
    bind(empty_server, "mail")
    empty_server.client.lpush("mail", "first")
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        ages = []
        for passed, push in ((0, "second"), (60, "third"), (120, "")):
            report = watcher.read(AT + passed)["celery", "mail"]
            ages.append((report.oldest_job_age_seconds, report.age_method))
            if push:
                empty_server.client.lpush("mail", push)
        empty_server.client.rpop("mail")
        ages.append((watcher.read(AT + 130)["celery", "mail"].oldest_job_age_seconds, "first_seen"))
        empty_server.client.delete("mail")
        ages.append((watcher.read(AT + 140)["celery", "mail"].oldest_job_age_seconds, "first_seen"))
    assert ages == [(age, "first_seen") for age in (0, 60, 120, 0, 0)]


def test_what_is_unacknowledged_for_too_long_is_orphaned(empty_server: RealServer) -> None:
    bind(empty_server, "mail")
    empty_server.client.hset("unacked", mapping={"a": "[]", "b": "[]"})
    empty_server.client.zadd("unacked_index", {"a": AT - 3601, "b": AT - 3599})
    report = read_queues(empty_server.url, AT)["celery", "*"]
    assert (report.jobs["active"], report.orphaned) == (2, 1)


def test_foreign_keys_of_these_names_do_no_harm(empty_server: RealServer) -> None:
    empty_server.client.set("_kombu.binding.celery", "a string")
    empty_server.client.sadd("_kombu.binding.odd", "no separators", SEPARATOR.join("abcd"), "")
    bind(empty_server, "mail", "real")
    empty_server.client.set("mail", "no list")
    report = read_queues(empty_server.url, AT)["celery", "mail"]
    # The list of step 0 is unreadable, those of the other steps are empty.
    assert report.jobs == {"waiting": 0}
