"""Prometheus' HTTP API says over blocks and memory what it says over memory that holds everything."""

import asyncio
from collections.abc import Mapping, Sequence
from threading import Thread, current_thread
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from exporter.config.main import Config
from exporter.history.source import HistorySource
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Result, parse
from exporter.rules.environment import Environment
from exporter.store import Store
from exporter.web.api_v1 import cooperative, query, series
from exporter.web.api_v1.queries import Queries
from exporter.web.api_v1.query import LIMITS
from tests.clocks import FrozenClock
from tests.history.remembered_blocks import RememberedBlocks, block_of
from tests.web.asgi import request

START, MINUTE = 1_700_000_000, 60
END = START + 600 * MINUTE
HITS = Family("hits_total", Kind.COUNTER, "", ("instance",))
GONE = Family("gone", Kind.GAUGE, "", ("instance",))
OLD = Layout([Point(HITS, "", Labels({"instance": "a"})), Point(GONE, "", Labels({"instance": "z"}))])
NEW = Layout([Point(HITS, "", Labels({"instance": name})) for name in "ab"])


def filled(first: int) -> Store:
    """A row a minute; after a third of the time other series."""
    store = Store(retention_ms=1 << 40)
    for number in range(first, 600):
        layout = OLD if number < 200 else NEW
        store.append(Sample("here", (START + number * MINUTE) * 1000, layout, [number * 3.0, 1.0 + number]))
    return store


def app_over(store: Store, history: HistorySource | None) -> ASGIApp:
    clock, executor = FrozenClock(END), cooperative.CooperativeExecutor()
    return Starlette(
        routes=[
            *query.routes(Engine(store, LIMITS, history=history), clock, executor),
            *series.routes(store, clock, executor, history=history),
        ]
    )


@pytest.fixture(scope="module")
def apps() -> tuple[ASGIApp, ASGIApp]:
    """One that reads everything from memory, and one that has only the last hours there."""
    whole, recent = filled(0), filled(400)
    borders = range(START * 1000, (START + 480 * MINUTE) * 1000, 30 * MINUTE * 1000)
    blocks = RememberedBlocks([block_of(whole, start, start + 30 * MINUTE * 1000) for start in borders])
    return app_over(whole, None), app_over(recent, HistorySource(recent, blocks))


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("query", {"query": "hits_total", "time": START + 100 * MINUTE}),
        ("query", {"query": "count_over_time(hits_total[10h])", "time": END}),
        ("query", {"query": "hits_total @ 1700000600 or gone offset 8h", "time": END}),
        ("query", {"query": "max_over_time(rate(hits_total[5m])[9h:5m])", "time": END}),
        ("query", {"query": "gone[3h]", "time": START + 210 * MINUTE}),
        ("query", {"query": "nothing", "time": START}),
        ("query_range", {"query": "rate(hits_total[5m])", "start": START, "end": END, "step": 300}),
        ("query_range", {"query": "count({instance!=''})", "start": START, "end": END, "step": 60}),
        ("query_range", {"query": "timestamp(hits_total)", "start": START, "end": END, "step": 900}),
        ("series", {"match[]": "{instance!=''}"}),
        ("series", {"match[]": "{instance!=''}", "end": START + 100 * MINUTE}),
        ("series", {"match[]": "gone", "start": START + 199 * MINUTE}),
        ("series", {"match[]": "gone", "start": START + 200 * MINUTE}),
        ("series", {"match[]": "hits_total", "start": START + 150 * MINUTE, "end": START + 199 * MINUTE}),
        ("labels", {}),
        ("labels", {"start": END - 60}),
        ("label/instance/values", {}),
        ("label/instance/values", {"end": START + 199 * MINUTE, "limit": 1}),
        ("label/__name__/values", {"start": START + 200 * MINUTE, "end": START + 399 * MINUTE}),
    ],
)
def test_every_endpoint_reads_both(
    apps: tuple[ASGIApp, ASGIApp], path: str, parameters: Mapping[str, str]
) -> None:
    wanted, found = (request(app, "GET", f"/api/v1/{path}", params=parameters).json() for app in apps)
    assert found["status"] == "success"
    assert found == wanted


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("avg_over_time(hits_total[1h])", False),
        ("avg_over_time(hits_total[1h] offset 2h)", True),
        ("avg_over_time(hits_total[1d])", True),
        ("hits_total @ 1700000000", True),
        ("vector(1)", False),
    ],
)
def test_rules_that_may_read_files_are_not_evaluated_on_the_event_loop(query: str, *, reads: bool) -> None:
    store = filled(400)
    store.retention_ms = 2 * 3_600_000
    section = Config.model_validate({"rule_files": []}).query
    queries = Queries(store, section, RememberedBlocks([block_of(filled(0), 0, END * 1000)]))
    environment = Environment(
        engine=queries.rule_engine,
        store=store,
        sink=Nowhere(),
        executor=queries.rule_executor,
        reads_disk=queries.rule_reads_disk,
    )
    threads: list[Thread] = []
    original = queries.rule_engine.instant

    def instant(*arguments: Any, **options: Any) -> Result:
        threads.append(current_thread())
        return original(*arguments, **options)

    queries.rule_engine.instant = instant  # type: ignore[method-assign]
    asyncio.run(environment.instant(parse(query), (END - 60) * 1000, 0.0))
    queries.close()
    assert (threads != [current_thread()]) is reads


class Nowhere:
    """A sink for no alerts."""

    async def receive(self, alerts: Sequence[Alert]) -> None:
        raise AssertionError
