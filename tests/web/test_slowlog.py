"""`/api/slowlog`."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.config.samplers.slowlog import SlowlogSection
from exporter.events import EventLog
from exporter.model.target import Address, Target
from exporter.samplers import slowlog
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.store import Store
from exporter.web.slowlog import routes
from tests.servers import RealServer
from tests.web.asgi import request
from tests.web.directory import Watched

LOG = EventLog(None, SystemClock(), CollectorRegistry(), retention_ms=1, max_bytes=1)


def read(server: RealServer, section: SlowlogSection) -> Starlette:
    """An application whose one target has had six slow commands of one pattern, and one of another."""
    server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)
    server.command("SLOWLOG", "RESET")
    target = Target("cache-1", Address("127.0.0.1", server.port))
    plans = [SamplerPlan(slowlog.SPEC, section, 15.0, 5.0)]
    runner = TargetRunner(target, plans, store=Store(), clock=SystemClock(), timeout_seconds=5.0)

    async def sample() -> None:
        await runner.run("slowlog")
        server.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
        for index in range(6):
            server.command("HGETALL", f"session:{1000 + index}")
        server.command("SET", "token:9", "hunter2")
        server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)
        await runner.run("slowlog")
        await runner.close()

    asyncio.run(sample())
    return Starlette(routes=routes(Watched([runner]), SystemClock(), LOG))


def test_patterns_with_count_mean_longest_and_the_last_client(empty_server: RealServer) -> None:
    app = read(empty_server, SlowlogSection())
    answer = request(app, "GET", "/api/slowlog")
    (report,) = answer.json()["targets"]
    found = {pattern["pattern"]: pattern for pattern in report["patterns"]}

    assert report["instance"] == "cache-1"
    # The commands that set the threshold log themselves.
    assert report["counted"] == 8
    assert report["lost"] == 0
    sessions = found["HGETALL session:{id}"]
    assert sessions["count"] == 6
    assert 0 < sessions["mean_seconds"] <= sessions["max_seconds"] <= sessions["total_seconds"]
    assert sessions["last_client"].startswith("127.0.0.1:")
    assert "hunter2" not in answer.text
    assert all(pattern["example"] == [] for pattern in report["patterns"])


def test_arguments_where_they_are_asked_for(empty_server: RealServer) -> None:
    (report,) = request(read(empty_server, SlowlogSection(arguments="shown")), "GET", "/api/slowlog").json()[
        "targets"
    ]

    assert ["SET", "token:9", "hunter2"] in [pattern["example"] for pattern in report["patterns"]]


@pytest.mark.parametrize(("instance", "count"), [("cache-1", 1), ("cache-2", 0)])
def test_one_instance(empty_server: RealServer, instance: str, count: int) -> None:
    app = read(empty_server, SlowlogSection())

    assert len(request(app, "GET", f"/api/slowlog?instance={instance}").json()["targets"]) == count
