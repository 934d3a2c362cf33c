"""`/api/keyspace`."""

from typing import Any

import pytest
from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.web.keyspace import routes
from tests.keyspace.test_sampler import FAST, one_pass, put
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer
from tests.web.asgi import request
from tests.web.directory import Watched

AT_REST = {
    "progress_ratio": 1.0,
    "keys_scanned": 0,
    "remaining_seconds": 0.0,
    "late": False,
    "held_up_by": None,
}


@pytest.fixture
def app(empty_server: RealServer) -> Starlette:
    """An application with one target whose keyspace was scanned."""
    put(empty_server, "session", 40)

    async def scan() -> Any:
        async with sampling(empty_server, "keyspace", settings=FAST) as found:
            await one_pass(found)
        return found.runner

    runner = run_async(scan)
    return Starlette(routes=routes(Watched([runner]), SystemClock()))


def test_the_report_of_each_keyspace(app: Starlette) -> None:
    (keyspace,) = request(app, "GET", "/api/keyspace").json()["keyspaces"]
    assert keyspace["instance"] == "test"
    assert keyspace["complete"] is True
    assert keyspace["scan"] == AT_REST
    assert keyspace["partial"] is False
    (pattern,) = keyspace["patterns"]
    assert (pattern["pattern"], pattern["keys"], pattern["keys_without_ttl"]) == ("session:*", 40, 30)
    assert pattern["memory_bytes"] > 2000


def test_filters(app: Starlette) -> None:
    assert request(app, "GET", "/api/keyspace?instance=other").json()["keyspaces"] == []
    (other,) = request(app, "GET", "/api/keyspace?instance=test&db=db1").json()["keyspaces"]
    assert other["patterns"] == other["types"] == other["databases"] == other["biggest_keys"] == []
    (same,) = request(app, "GET", "/api/keyspace?db=db0").json()["keyspaces"]
    assert len(same["patterns"]) == 1


def test_a_keyspace_that_was_not_scanned_yet(empty_server: RealServer) -> None:
    async def look() -> Any:
        async with sampling(empty_server, "keyspace") as found:
            return found.runner

    runner = run_async(look)
    app = Starlette(routes=routes(Watched([runner]), SystemClock()))
    assert request(app, "GET", "/api/keyspace").json()["keyspaces"] == [
        {"instance": "test", "partial": True, "scan": AT_REST}
    ]
