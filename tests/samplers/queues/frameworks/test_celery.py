"""Celery's traps."""

import pytest

from exporter.config.samplers.queues import CelerySection, QueuesSection
from tests.samplers.queues.reading import Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
SEPARATOR = "\x06\x16"


def bind(
    server: RealServer, queue: str, exchange: str = "celery", prefix: str = "", separator: str = SEPARATOR
) -> None:
    server.client.sadd(f"{prefix}_kombu.binding.{exchange}", separator.join((queue, "", queue)))


def with_options(**options: object) -> QueuesSection:
    return QueuesSection.model_validate({"celery": options})


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


@pytest.mark.parametrize("separator", [":", "::", "|", "-", "_", "#p", ".", "/", "\x01", " "])
def test_what_separates_priorities_shows_in_the_bindings(empty_server: RealServer, separator: str) -> None:
    # Letters and digits are what names are made of.
    settings = with_options(sep=separator) if separator == "#p" else QueuesSection()
    bind(empty_server, "mail", "mail", separator=separator)
    bind(empty_server, "later", "mail", separator=separator)
    # What workers have of their own is no queue with any separator.
    empty_server.client.sadd(
        "_kombu.binding.celery.pidbox", separator.join(("", "", "hands@host.celery.pidbox"))
    )
    empty_server.client.sadd("_kombu.binding.celeryev", separator.join(("worker", "", "celeryev.1")))
    empty_server.client.lpush("mail", "{}")
    empty_server.client.lpush(f"mail{separator}9", "{}", "{}")
    empty_server.client.lpush(f"mail{separator}archive", "old", "older")
    found = read_queues(empty_server.url, AT, settings)
    assert {queue: report.jobs for (_, queue), report in found.items() if queue != "*"} == {
        "mail": {"waiting": 3},
        "later": {"waiting": 0},
    }


def test_a_name_may_hold_what_separates_priorities(empty_server: RealServer) -> None:
    bind(empty_server, "a:b", "a:b", separator=":")
    bind(empty_server, "mail", "mail", separator=":")
    empty_server.client.lpush("a:b:3", "{}")
    found = read_queues(empty_server.url, AT)
    assert {queue: report.jobs["waiting"] for (_, queue), report in found.items() if queue != "*"} == {
        "a:b": 1,
        "mail": 0,
    }


def test_two_applications_may_separate_in_two_ways(empty_server: RealServer) -> None:
    bind(empty_server, "mail", "mail")
    bind(empty_server, "films", "films", separator=":")
    bind(empty_server, "mail", "mail", prefix="shop.", separator="|")
    # A routing key of another name shows nothing, beside one that does.
    empty_server.client.sadd("_kombu.binding.topics", "films.#:^films$:reviews")
    for key in ("mail\x06\x163", "films:3", "shop.mail|3", "reviews:3"):
        empty_server.client.lpush(key, "{}")
    found = read_queues(empty_server.url, AT)
    waiting = {queue: report.jobs["waiting"] for (_, queue), report in found.items() if "*" not in queue}
    assert waiting == {"mail": 1, "films": 1, "shop.mail": 1, "reviews": 1}


def test_a_priority_beyond_9_is_found_by_its_list(empty_server: RealServer) -> None:
    bind(empty_server, "mail", "mail")
    bind(empty_server, "mail", "mail", prefix="shop:")
    for prefix, step, jobs in (("", "", 1), ("", "10", 2), ("", "250", 3), ("shop:", "10", 4)):
        key = prefix + "mail" + (SEPARATOR + step if step else "")
        empty_server.client.lpush(key, *range(jobs))
    found = read_queues(empty_server.url, AT)
    assert found["celery", "mail"].jobs == {"waiting": 6}
    assert found["celery", "shop:mail"].jobs == {"waiting": 4}


def test_the_options_of_the_broker_may_be_configured(empty_server: RealServer) -> None:
    settings = with_options(
        sep="x", priority_steps=(0, 20, 40), unacked_key="held", unacked_index_key="held_since"
    )
    bind(empty_server, "mail", "mail", separator="x")
    empty_server.client.lpush("mail", "{}")
    empty_server.client.lpush("mailx20", "{}", "{}")
    # No step of this application.
    empty_server.client.lpush("mailx3", "{}", "{}", "{}")
    empty_server.client.hset("held", "a", "[]")
    empty_server.client.hset("unacked", mapping={"a": "[]", "b": "[]"})
    empty_server.client.zadd("held_since", {"a": AT - 4000})
    found = read_queues(empty_server.url, AT, settings)
    assert found["celery", "mail"].jobs == {"waiting": 3}
    assert (found["celery", "*"].jobs["active"], found["celery", "*"].orphaned) == (1, 1)


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
