"""`/api/queues`."""

import asyncio

import pytest
from starlette.applications import Starlette

from exporter import queues
from exporter.config.samplers.queues import QueuesSection
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.store import Store
from exporter.web.queues import routes
from tests.clocks import FrozenClock
from tests.queues.reading import target_of
from tests.servers import RealServer
from tests.web.asgi import request
from tests.web.directory import Watched

AT = 1_700_000_000.0


@pytest.fixture
def app(empty_server: RealServer) -> Starlette:
    """An application with one target that has two queues."""
    client = empty_server.client
    client.hset("bull:mail:meta", "version", "bullmq:6.7.0")
    client.lpush("bull:mail:wait", "1", "2")
    client.hset("bull:mail:1", mapping={"timestamp": int(AT - 9) * 1000, "opts": "{}"})
    client.sadd("rq:queues", "rq:queue:slow")
    client.lpush("jobs:resize", "1", "2")
    clock = FrozenClock(AT)
    plans = [SamplerPlan(queues.SPEC, QueuesSection(), 15.0, 5.0)]
    runner = TargetRunner(target_of(empty_server.url), plans, store=Store(), clock=clock, timeout_seconds=5.0)

    async def sample() -> None:
        await runner.run("queues")
        await runner.close()

    asyncio.run(sample())
    return Starlette(routes=routes(Watched([runner]), clock))


def test_every_queue_with_all_that_is_known(app: Starlette, empty_server: RealServer) -> None:
    answer = request(app, "GET", "/api/queues").json()
    assert answer["at"] == AT
    mail = next(queue for queue in answer["queues"] if queue["queue"] == "mail")
    assert (mail["instance"], mail["framework"]) == (empty_server.instance, "bullmq")
    assert (mail["jobs"]["waiting"], mail["oldest_job_age_seconds"], mail["age_method"]) == (
        2,
        9,
        "timestamp",
    )
    assert mail["groups"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("framework=rq", {"slow", "*"}),
        ("queue=mail", {"mail"}),
        ("instance=other", set()),
        ("", {"mail", "slow", "*"}),
    ],
)
def test_filters(app: Starlette, query: str, expected: set[str]) -> None:
    answer = request(app, "GET", f"/api/queues?{query}").json()
    assert {queue["queue"] for queue in answer["queues"]} == expected


def test_lists_that_look_like_queues(app: Starlette, empty_server: RealServer) -> None:
    (hint,) = request(app, "GET", "/api/queues").json()["hints"]
    assert hint["instance"] == empty_server.instance
    assert hint["text"].startswith("1 list looks like a queue (2 entries): describe")
    (lists,) = hint["lists"]
    assert (lists["keys"], lists["suggestion"]) == (["jobs:resize"], {"key": "jobs:{name}"})
    assert request(app, "GET", "/api/queues?instance=other").json()["hints"] == []
