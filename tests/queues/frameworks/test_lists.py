"""Plain lists by configuration."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from exporter.config.samplers.queues import QueuesSection
from tests.fake_server import AnyServer
from tests.queues.reading import Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
CREATED = "2023-11-14T22:12:{:02d}.000Z"

PLATFORM: dict[str, Any] = {
    "lists": [
        {"key": "queue:{name}:{priority}", "time": {"path": "createdAt", "format": "iso"}},
        {"key": "queue:processing:{name}", "state": "active"},
        {"key": "queue:dlq:{name}", "state": "dead", "time": {"path": "failedAt"}},
        {"key": "queue:delayed", "state": "delayed", "type": "zset", "name": "later"},
    ],
    "workers": [{"key": "worker:status:{id}", "heartbeat": "lastPing"}],
}


@pytest.fixture
def platform(either_server: AnyServer) -> AnyServer:
    """Queues as the settings above describe them."""
    client = either_server.client
    for second in (10, 20, 30):
        client.lpush("queue:email:high", json.dumps({"id": second, "createdAt": CREATED.format(second)}))
    client.lpush("queue:email:low", json.dumps({"createdAt": CREATED.format(5)}))
    client.lpush("queue:processing:email", "{}", "{}")
    client.lpush("queue:dlq:email", "{}")
    client.zadd("queue:delayed", {"a": (AT - 60) * 1000, "b": (AT + 60) * 1000})
    client.hset("worker:status:1", mapping={"lastPing": "2023-11-14T22:13:15.000Z"})
    client.hset("worker:status:2", mapping={"lastPing": "2023-11-14T22:12:00.000Z"})
    return either_server


def test_states_priorities_ages_and_workers(platform: AnyServer) -> None:
    found = read_queues(platform.url, AT, QueuesSection(**PLATFORM))
    email = found["list", "email"]
    assert email.jobs == {"waiting": 4, "active": 2, "dead": 1}
    assert email.priorities == {"waiting": {"high": 3, "low": 1}}
    assert (email.oldest_job_age_seconds, email.age_method) == (75, "timestamp")
    # A silent one is told once, with what belongs to no queue in particular.
    assert (email.workers, email.silent_workers, found["list", "*"].silent_workers) == (1, 0, 1)
    assert email.last_heartbeat == AT - 5
    later = found["list", "later"]
    assert (later.jobs, later.overdue) == ({"delayed": 2}, 1)


def test_the_pattern_with_the_most_fixed_text_wins(platform: AnyServer) -> None:
    found = read_queues(platform.url, AT, QueuesSection(**PLATFORM))
    assert {queue for _, queue in found} == {"email", "later", "*"}


def test_priorities_stand_apart_or_are_summed(platform: AnyServer) -> None:
    values = {}
    for way in ("separate", "sum"):
        with Watcher(platform.url, QueuesSection(**PLATFORM, priorities=way)) as watcher:
            watcher.find(AT)
            watcher.read(AT)
            values[way] = {
                labels: value
                for labels, value in watcher.values("redis_queue_jobs").items()
                if 'state="waiting"' in labels and "email" in labels
            }
    common = 'framework="list"'
    assert values["separate"] == {
        f'{{{common}, priority="high", queue="email", state="waiting"}}': 3,
        f'{{{common}, priority="low", queue="email", state="waiting"}}': 1,
    }
    assert values["sum"] == {f'{{{common}, queue="email", state="waiting"}}': 4}


def test_an_emptied_queue_reads_0_and_one_with_a_fixed_name_always_does(either_server: AnyServer) -> None:
    either_server.client.lpush("queue:email:high", "{}")
    with Watcher(either_server.url, QueuesSection(**PLATFORM)) as watcher:
        watcher.find(AT)
        either_server.client.delete("queue:email:high")
        found = watcher.read(AT)
    assert found["list", "email"].jobs == {"waiting": 0, "active": 0, "dead": 0}
    assert found["list", "email"].priorities == {"waiting": {"high": 0}}
    assert found["list", "later"].jobs == {"delayed": 0}


def test_jobs_without_a_time_count_from_when_they_were_seen(either_server: AnyServer) -> None:
    settings = QueuesSection.model_validate({"lists": [{"key": "jobs:{name}", "oldest": "head"}]})
    either_server.client.rpush("jobs:a:b", "1", "2")
    with Watcher(either_server.url, settings) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["list", "a:b"].oldest_job_age_seconds == 0
        assert watcher.read(AT + 9)["list", "a:b"].oldest_job_age_seconds == 9
        either_server.client.lpop("jobs:a:b")
        report = watcher.read(AT + 10)["list", "a:b"]
    assert (report.oldest_job_age_seconds, report.age_method) == (0, "first_seen")


def test_a_worker_belongs_to_the_queue_that_it_names(either_server: AnyServer) -> None:
    settings = QueuesSection.model_validate(
        {
            "lists": [{"key": "jobs:{name}"}],
            "workers": [{"key": "worker:{id}", "heartbeat": "seen", "format": "seconds", "queue": "queue"}],
        }
    )
    client = either_server.client
    client.lpush("jobs:a", "1")
    client.lpush("jobs:b", "1")
    client.hset("worker:1", mapping={"seen": AT - 1, "queue": "a"})
    found = read_queues(either_server.url, AT, settings)
    assert {queue: report.workers for (_, queue), report in found.items()} == {"a": 1, "b": 0, "*": 1}


def test_a_worker_whose_key_is_gone_has_left(platform: AnyServer) -> None:
    with Watcher(platform.url, QueuesSection(**PLATFORM)) as watcher:
        watcher.find(AT)
        platform.client.delete("worker:status:2")
        email = watcher.read(AT)["list", "email"]
    assert (email.workers, email.silent_workers) == (1, 0)


def test_foreign_keys_of_a_wrong_type_are_no_queues(either_server: AnyServer) -> None:
    either_server.client.set("queue:x:high", "text")
    either_server.client.sadd("queue:y:high", "a")
    assert set(read_queues(either_server.url, AT, QueuesSection(**PLATFORM))) == {
        ("list", "later"),
        ("list", "*"),
    }


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ([{"key": "{name}"}], "needs fixed text"),
        ([{"key": "q:{nmae}"}], 'unknown part "{nmae}"'),
        ([{"key": "q:{name}:{name}"}], "names a part twice"),
        ([{"key": "q:jobs"}], "needed where the key has no {name}"),
        ([{"key": "q:{name}", "name": "x"}], "the key says it already"),
    ],
)
def test_mistakes_in_patterns_are_told(lists: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("{", r"\{").replace("}", r"\}")):
        QueuesSection(lists=lists)


def test_a_key_of_another_type_is_asked_once_a_minute(empty_server: RealServer) -> None:
    client = empty_server.client
    settings = QueuesSection.model_validate({"lists": [{"key": "queue:{name}:{priority}"}]})
    client.lpush("queue:mail:0", "a", "b")
    client.lpush("queue:sms:1", "c")
    client.hset("queue:mail:1", "customer", "anna")
    client.config_resetstat()
    with Watcher(empty_server.url, settings) as watcher:
        watcher.find(AT)
        errors = []
        for passed in (0, 5, 10, 45, 55):
            assert watcher.read(AT + passed)["list", "mail"].jobs == {"waiting": 2}
            errors.append(client.info("errorstats")["errorstat_WRONGTYPE"]["count"])
    # LLEN and LINDEX.
    assert errors == [2, 2, 2, 2, 4]
