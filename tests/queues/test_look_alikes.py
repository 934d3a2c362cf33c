"""Ordinary keys under the names that frameworks use: with them, and nothing else, there are no queues."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.queues import recorded
from tests.queues.reading import Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
AT_MS = int(AT * 1000)
UUID = "0e2b3a49-7a2b-4d86-9a0d-3c5f4f1f2a10"
Write = Callable[[Any], object]


def _games(client: Any) -> None:
    for number in range(40):
        client.set(f"game:{number}:id", number)
        client.rpush(f"game:{number}:active", "player-1", "player-2")
        client.rpush(f"game:{number}:wait", "player-3")
        client.zadd(f"game:{number}:completed", {"level-1": AT_MS})
        client.zadd(f"game:{number}:failed", {"level-2": AT_MS})


def _documents(client: Any) -> None:
    """Lists of ids whose hashes are there too, and are no jobs."""
    client.set("doc:id", 3)
    client.rpush("doc:active", "1", "2")
    client.rpush("doc:paused", "3")
    client.zadd("doc:delayed", {"1": AT_MS})
    client.hset("doc:1", mapping={"name": "Terms", "data": "text", "timestamp": "2024-05-01"})
    client.hset("doc:2", mapping={"name": "Prices", "opts": "{}", "timestamp": AT_MS})
    client.set("doc:3", "a text")


def _jobs_of_another_program(client: Any) -> None:
    client.set("print:id", 7)
    client.rpush("print:wait", "7")
    client.hset("print:7", mapping={"file": "a.pdf", "status": "waiting"})
    client.xadd("print:events", {"event": "waiting", "jobId": "7"})
    client.xadd("print:events", {"event": "completed", "jobId": "6"})
    client.hset("print:meta", mapping={"paused": "1", "concurrency": "5"})
    client.hset("print:metrics:completed", mapping={"count": "12", "since": "May"})


def _tickets(client: Any) -> None:
    client.set("desk:id", 3)
    client.rpush("desk:waiting", "1", "2")
    client.rpush("desk:active", "3")
    client.sadd("desk:succeeded", "0")
    client.sadd("desk:stalling", "3")
    client.zadd("desk:delayed", {"4": AT_MS})
    client.hset("desk:jobs", mapping={"1": "plumber", "3": json.dumps({"data": 1}), "4": "{}"})


def _tenants(client: Any) -> None:
    client.sadd("tenant:1:queues", "lobby")
    client.sadd("tenant:1:workers", "desk-1", "desk-2")
    client.sadd("tenant:1:processes", "intake")
    client.hset("tenant:1:intake", mapping={"info": "new clients", "beat": "slow"})
    client.rpush("tenant:1:failed", "order-1", json.dumps({"order": 1, "payload": "x"}))
    client.rpush("tenant:1:queue:lobby", json.dumps({"class": "economy", "seat": 4}))
    client.mset({"tenant:1:stat:processed": 5, "tenant:1:stat:failed": 1})


def _waiting_lines(client: Any) -> None:
    client.sadd("queues", "checkout", "vip", "returns")
    client.sadd("processes", "intake", "billing")
    client.sadd("workers", "anna", "host:1:till")
    client.hset("intake", mapping={"info": json.dumps({"queues": ["vip"]}), "beat": "daily"})
    client.set("billing", "monthly")
    client.mset({"stat:processed": 123, "stat:failed": 4, "stat:processed:2023-11-14": 5})
    client.rpush("queue:checkout", json.dumps({"class": "vip", "name": "Ann"}), "Bob")
    client.zadd("schedule", {json.dumps({"class": "yoga", "room": 3}): AT})
    client.zadd("retry", {"letter-1": AT})
    client.zadd("dead", {json.dumps({"jid": "x"}): AT})
    client.rpush("failed", json.dumps({"exception": "none"}))


def _chat(client: Any) -> None:
    client.hset("chat:general.msgs", mapping={"1": "hello", UUID: json.dumps({"text": "hello"})})
    client.rpush("chat:general", "1")
    client.zadd("chat:__heartbeats__", {"user-1": AT_MS})
    client.zadd("chat:general.XQ", {"1": AT_MS})
    client.sadd(f"chat:__acks__.{UUID}.general", "1")


def _chat_of_uuids(client: Any) -> None:
    client.hset("talk:general.msgs", mapping={UUID: "hello"})
    client.rpush("talk:general", UUID)


LOOK_ALIKES: dict[str, Write] = {
    "games": _games,
    "users": lambda client: (client.set("user:17:id", "17"), client.rpush("user:17:active", "a")),
    "documents": _documents,
    "jobs of another program": _jobs_of_another_program,
    "an empty queue of anybody's": lambda client: (
        client.set("player:7:id", 7),
        client.set("player:7:meta-paused", 1),
        client.set("player:7:stalled-check", AT_MS),
        client.hset("player:7:meta", "paused", 1),
    ),
    "a market": lambda client: (
        client.hset("bull:market:meta", mapping={"version": "3", "name": "prices"}),
        client.set("bull:market:id", 12),
        client.rpush("bull:market:wait", "buyer-1"),
        client.hset("shop:meta", mapping={"version": "bullmq", "opts.maxLenEvents": "many"}),
    ),
    "parts of other types": lambda client: (
        client.hset("odd:meta", "version", "bullmq:5.1.0"),
        client.set("odd:wait", "a text"),
        client.hset("odder:meta", "version", "bullmq:5.1.0"),
        client.rpush("odder:completed", "1"),
        client.hset("oddest:meta", "version", "bullmq:5.1.0"),
        client.rpush("oddest:events", "1"),
    ),
    "tickets": _tickets,
    "bindings of a book": lambda client: (
        client.sadd("_kombu.binding.leather", "red", "blue"),
        client.sadd("unacked", "letter-1"),
        client.zadd("unacked_index", {"letter-1": AT}),
        client.rpush("celery", "stalk-1"),
    ),
    "a binding that is a list": lambda client: client.rpush("_kombu.binding.celery", "a\x06\x16\x06\x16a"),
    "a quiz": lambda client: (
        client.sadd("rq:queues", "north", "south"),
        client.sadd("rq:workers", "rq:worker:anna", "bob"),
        client.hset("rq:worker:anna", mapping={"queues": "north", "last_heartbeat": "fast"}),
        client.rpush("rq:queue:north", "question-1"),
    ),
    "questions under whole keys": lambda client: (
        client.sadd("rq:queues", "rq:queue:north"),
        client.rpush("rq:queue:north", "question-1"),
        client.hset("rq:job:question-1", "text", "why?"),
    ),
    "other types in an index": lambda client: (
        client.sadd("rq:queues", "rq:queue:north", "rq:queue:south"),
        client.set("rq:queue:north", "open"),
    ),
    "tenants": _tenants,
    "waiting lines": _waiting_lines,
    "a resque of cats": lambda client: (
        client.sadd("resque:queues", "cats", "dogs"),
        client.sadd("resque:workers", "anna", "host:1:cats"),
        client.rpush("resque:failed", "cat-1"),
        client.rpush("resque:queue:cats", "cat-2", json.dumps({"class": "big"})),
        client.set("resque:worker:anna", "asleep"),
    ),
    "chat": _chat,
    "chat with UUIDs": _chat_of_uuids,
    "ducks": lambda client: (
        client.zadd("huey.schedule.louie", {"a": 1, f"nest-{UUID}": AT}),
        client.rpush("huey.redis.cartoon", "frame-1", UUID),
        client.zadd("huey.redis.dewey", {"x" * 20: 1, b"\x78\x9cnot packed": 2, b"\x80\x05no id": 3}),
        client.hset("huey.results.cartoon", UUID, "fine"),
    ),
    "arq's own names": lambda client: (
        client.zadd("arq:queue", {"not-a-job": AT_MS}),
        client.set("arq:queue:health-check", "ok"),
        client.set("db:health-check", "2023-11-14 fine"),
        client.zadd("arq:abort", {"job-1": AT_MS}),
        client.set("arq:job:job-1", "x"),
    ),
    "a leaderboard of jobs": lambda client: (
        client.zadd("scores", {"job-1": 17, "job-2": 99}),
        client.set("arq:job:job-1", "x"),
        client.hset("arq:job:job-3", "a", 1),
        client.zadd("times", {"job-3": AT_MS}),
    ),
    "a saq of flour": lambda client: (
        client.rpush("saq:x:active", "a"),
        client.rpush("saq:x:queued", "saq:job:other:1", "b"),
        client.zadd("saq:x:incomplete", {"a": 0}),
        client.zadd("saq:x:stats", {"weight": 50}),
    ),
    "an asynq of rivers": lambda client: (
        client.sadd("asynq:queues", "rhine", "elbe"),
        client.lpush("asynq:{rhine}:pending", "barge-1"),
        client.hset("asynq:{rhine}:t:barge-1", "name", "Lorelei"),
        client.zadd("asynq:{elbe}:scheduled", {"barge-2": AT}),
        client.set("asynq:{elbe}:processed", "all"),
        client.zadd("asynq:servers", {"berlin": AT}),
        client.sadd("asynq:{elbe}:groups", "fleet"),
        client.zadd("asynq:{elbe}:g:fleet", {"barge-3": AT}),
    ),
    "a help desk": lambda client: (
        client.rpush("queues:support", json.dumps({"job": "plumber", "attempts": 3, "name": "desk-1"})),
        client.rpush("queues:calls", json.dumps({"job": "call", "attempts": 3, "data": {}})),
        client.zadd("queues:support:delayed", {json.dumps({"job": 1, "attempts": 0, "data": 1}): AT}),
        client.zadd("queues:mail:reserved", {"seat-1": AT}),
    ),
    "a list named taskiq": lambda client: client.rpush("taskiq", "buy milk", json.dumps({"task_id": 1})),
}


@pytest.mark.parametrize("write", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_ordinary_keys_are_no_queues(empty_server: RealServer, write: Write) -> None:
    write(empty_server.client)
    assert read_queues(empty_server.url, AT) == {}


def test_looking_at_ordinary_keys_causes_no_errors(each_empty_server: RealServer) -> None:
    for write in LOOK_ALIKES.values():
        write(each_empty_server.client)
    for name in ("shop", "huey.redis.text", "arq:queue:5", "saq:y", "asynq:{main}"):
        for part in ("queues", "processes", "workers", "failed", "id", "meta", "wait", "events", "active"):
            each_empty_server.client.set(f"{name}:{part}", "x")
    each_empty_server.client.config_resetstat()
    with Watcher(each_empty_server.url) as watcher:
        # A walk, and a pass that asks the indexes along.
        for passed in (0, 75, 135):
            assert watcher.sample(AT + passed) == {}
        watcher.finish_walk()
        assert watcher.sample(AT + 150) == {}
    assert each_empty_server.client.info("errorstats") == {}


def test_looking_at_ordinary_keys_is_counted_as_ours(each_empty_server: RealServer) -> None:
    for write in LOOK_ALIKES.values():
        write(each_empty_server.client)
    each_empty_server.client.config_resetstat()
    with Watcher(each_empty_server.url) as watcher:
        watcher.find(AT)
        for passed in (0, 60, 120):
            watcher.read(AT + passed)
        ours = watcher.facts.keyspace_stats.hits, watcher.facts.keyspace_stats.misses
    facts = each_empty_server.client.info("stats")
    assert ours == (facts["keyspace_hits"], facts["keyspace_misses"])


def test_keys_of_one_job_are_no_queues(empty_server: RealServer) -> None:
    client = empty_server.client
    client.hset("bull:orders:meta", mapping={"version": "bullmq:5.81.0", "opts.maxLenEvents": "10000"})
    client.hset("bull:orders:1", mapping={"name": "a", "data": "{}", "opts": "{}", "timestamp": AT_MS})
    client.rpush("bull:orders:1:logs", "started")
    client.set("bull:orders:1:lock", "token", px=600_000)
    client.sadd("bull:orders:1:dependencies", "bull:orders:2")
    for part in ("processed", "failed"):
        client.hset(f"bull:orders:1:{part}", "bull:orders:2", "1")
    client.zadd("bull:orders:1:unsuccessful", {"bull:orders:2": AT_MS})
    assert set(read_queues(empty_server.url, AT)) == {("bullmq", "orders")}


def test_a_stream_with_a_group_of_taskiqs_name_is_a_stream(empty_server: RealServer) -> None:
    client = empty_server.client
    client.xadd("sights", {"seen": "owl"})
    client.xgroup_create("sights", "taskiq", id="0")
    client.xadd("tasks", {"data": json.dumps({"task_id": UUID, "task_name": "send"})})
    client.xgroup_create("tasks", "taskiq", id="0")
    client.xgroup_create("new", "taskiq", id="0", mkstream=True)
    assert set(read_queues(empty_server.url, AT)) == {
        ("stream", "sights"),
        ("taskiq", "tasks"),
        ("taskiq", "new"),
    }


# What ordinary programs put into keys.
_WORDS = ("anna", "bob")
_NUMBERS = ("1", "2", "17")
_UUIDS = (UUID, UUID.replace("0e2b", "7d11"))
_MOMENTS = (str(AT_MS), str(int(AT)))
_OBJECTS = (
    json.dumps({"id": 1, "name": "anna", "data": {"a": 1}, "createdAt": AT_MS, "state": "active"}),
    json.dumps({"id": UUID, "type": "order", "status": "failed", "queue": "north", "args": [1]}),
)
CONTENTS = {
    "words": _WORDS,
    "numbers": _NUMBERS,
    "UUIDs": _UUIDS,
    "moments": _MOMENTS,
    "objects": _OBJECTS,
    "texts": ("a:b:c", "key=value, other=1"),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_the_names_and_types_of_all_frameworks_keys_say_nothing(
    empty_server: RealServer, content: tuple[str, ...]
) -> None:
    """Every key that was ever recorded, with ordinary content. A number of processed jobs beside an index in
    Resque's own namespace is the one thing that is believed as it is."""
    for path in recorded.all_dumps():
        for name, key in recorded.load(path)["keys"].items():
            if name != "resque:stat:processed":
                _write_ordinary(empty_server.client, name, key["type"], content)
    assert read_queues(empty_server.url, AT) == {}


def _write_ordinary(client: Any, name: str, kind: str, content: tuple[str, ...]) -> None:
    client.delete(name)
    if kind == "string":
        client.set(name, content[0])
    elif kind == "list":
        client.rpush(name, *content)
    elif kind == "set":
        client.sadd(name, *content)
    elif kind == "zset":
        client.zadd(name, dict.fromkeys(content, AT_MS))
    elif kind == "hash":
        client.hset(name, mapping={**dict.fromkeys(content, content[0]), "name": content[-1]})
    else:
        client.xadd(name, {"event": content[0], "name": content[-1]})
