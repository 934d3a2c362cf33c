"""Keys with the frameworks' names and anything in them: no exception, no wrong number."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config.samplers.queues import QueuesSection
from tests.queues import recorded
from tests.queues.reading import Watcher
from tests.servers import RealServer

AT = 1_700_000_000.0
NAMES = sorted({key for path in recorded.all_dumps() for key in recorded.load(path)["keys"]})
RUBBISH = [
    b"",
    b"0",
    b"-1",
    b"nan",
    b"1e999",
    b"9" * 400,
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"{" * 2000,
    b'{"timestamp": "x", "opts": {"delay": []}, "queues": 7, "queue": {}, "createdAt": true}',
    b'{"job": 1, "attempts": 2, "jid": 1, "class": 1, "args": 1, "enqueued_at": -1e308}',
    b"\x06\x16\x06\x16",
    b"j_complete=x",
    b"2023-11-14T22:13:20Z",
]


def put(client: Any, name: str, chance: random.Random) -> None:
    """A key of this name, of any type, with rubbish in it."""
    values = chance.choices(RUBBISH, k=chance.randint(1, 4))
    kind = chance.randrange(6)
    if kind == 0:
        client.set(name, values[0])
    elif kind == 1:
        client.rpush(name, *values)
    elif kind == 2:
        client.sadd(name, *values)
    elif kind == 3:
        scores = (0.0, -1e300, 1e300, AT, AT * 1000, float("inf"))
        client.zadd(name, {value: chance.choice(scores) for value in values})
    elif kind == 4:
        client.hset(name, mapping={chance.choice(FIELDS): value for value in values})
    else:
        client.xadd(name, {chance.choice(FIELDS): values[0]})
        client.xgroup_create(
            name, chance.choice(["taskiq", "group", "\udcff".encode("utf-8", "surrogatepass")]), "0"
        )


SECTION = QueuesSection.model_validate(
    {
        "lists": [{"key": "{name}:wait", "time": {"path": "createdAt"}}],
        "workers": [{"key": "rq:job:{id}"}],
    }
)
FIELDS = ["version", "paused", "count", "timestamp", "opts", "info", "beat", "queues", "event", "lastPing"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_is_in_the_keys(seed: int, server: RealServer, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    server.client.flushall()
    for name in chance.sample(NAMES, k=min(len(NAMES), 120)):
        put(server.client, name, chance)
    section = QueuesSection.model_validate(
        {
            "lists": [{"key": "{name}:wait", "time": {"path": "createdAt"}}],
            "workers": [{"key": "rq:job:{id}"}],
        }
    )
    with Watcher(server.url, section) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        reports = watcher.read(AT + 15)
    assert "failed" not in caplog.text
    for report in reports.values():
        assert all(count >= 0 for count in report.jobs.values())
        assert report.oldest_job_age_seconds is None or 0 <= report.oldest_job_age_seconds < 1e9
