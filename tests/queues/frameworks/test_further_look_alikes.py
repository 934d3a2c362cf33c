"""Ordinary keys with names that Kue, rsmq, TaskTiger, gocraft/work and Hangfire use too are no queues."""

import json
from collections.abc import Callable

import pytest
import redis

from tests.fake_server import AnyServer
from tests.queues.reading import read_queues

AT = 1_700_000_000.0


def jobs_of_people(client: "redis.Redis") -> None:
    client.sadd("q:job:types", "baker", "smith")
    client.zadd("q:jobs:baker:inactive", {"01|1": 0})
    client.hset("q:job:1", mapping={"type": "baker", "salary": 3000})
    client.set("q:ids", 7)


def quiz(client: "redis.Redis") -> None:
    client.sadd("rsmq:QUEUES", "mail")
    client.zadd("rsmq:mail", {"someone": AT * 1000})
    client.sadd("quiz:QUEUES", "first")
    client.hset("quiz:first:Q", mapping={"text": "Who?", "created": int(AT)})


def orders(client: "redis.Redis") -> None:
    for state in ("queued", "active", "scheduled", "error"):
        client.sadd(f"t:{state}", "books")
        client.zadd(f"t:{state}:books", {"17": AT})
        client.sadd(f"shop:{state}", "books")
        client.zadd(f"shop:{state}:books", {"17": AT})
    client.set("t:task:17", json.dumps({"id": "17", "title": "Dune"}))
    client.set("shop:task:17", json.dumps({"id": 17, "func": "f"}))


def careers(client: "redis.Redis") -> None:
    client.sadd("known_jobs", "baker")
    client.sadd("city:known_jobs", "baker")
    client.rpush("city:jobs:baker", json.dumps({"name": "Ann", "id": 1}))
    client.zadd("city:dead", {json.dumps({"name": "baker", "since": 1900}): 1})
    client.sadd("city:worker_pools", "north")
    client.hset("city:worker_pools:north", mapping={"length": 50})


def waiting_rooms(client: "redis.Redis") -> None:
    client.sadd("{hangfire}:queues", "default")
    client.sadd("clinic:queues", "dentist")
    client.rpush("clinic:queue:dentist", "17")
    client.hset("clinic:job:17", mapping={"Type": "check-up", "CreatedAt": "today"})
    client.sadd("clinic:servers", "nurse")
    client.hset("clinic:server:nurse", mapping={"StartedAt": 8})


@pytest.mark.parametrize("fill", [jobs_of_people, quiz, orders, careers, waiting_rooms])
def test_ordinary_keys_are_no_queues(fill: "Callable[[redis.Redis], None]", either_server: AnyServer) -> None:
    fill(either_server.client)
    assert read_queues(either_server.url, AT) == {}
