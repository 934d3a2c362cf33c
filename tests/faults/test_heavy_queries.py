"""Heavy queries by HTTP: the event loop goes on, memory is bounded, and answers are of one moment."""

import asyncio
import json
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, MemoryBudget
from exporter.store import Store
from exporter.web.api_v1 import cooperative, query, series
from exporter.web.api_v1.cooperative import CooperativeExecutor
from exporter.web.api_v1.query import LIMITS
from tests.clocks import FrozenClock

START = 1_700_000_000
STEP = 15
ROWS = 8
NOW = START + (ROWS - 1) * STEP
SERVERS = 150
# Calls of functions between two turns of the event loop: some 20 ms on a slow machine.
MOST_CALLS = 40_000
GAUGES = [Family(f"gauge_{number}", Kind.GAUGE, "A gauge.") for number in range(60)]
COMMANDS = Family("commands_total", Kind.COUNTER, "Commands.", ("cmd",))
BUCKETS = Family("seconds_bucket", Kind.COUNTER, "Durations.", ("le",))


def fill() -> Store:
    """Many servers, every second of which has ended."""
    store = Store()
    points = [Point(family, "", Labels()) for family in GAUGES]
    points += [Point(COMMANDS, "", Labels({"cmd": f"c{number}"})) for number in range(30)]
    points += [Point(BUCKETS, "", Labels({"le": str(2.0**power)})) for power in range(10)]
    schema = Layout(points).schema
    for server in range(SERVERS):
        layout, source = Layout(schema, Labels({"instance": f"s{server}"})), f"s{server}"
        for row in range(ROWS):
            at = (START + row * STEP) * 1000
            if server % 2 and row == ROWS - 2:
                store.mark_stale(source, at)
                break
            values = [float(place + row * (place % 3)) for place in range(len(points))]
            store.append(Sample(source, at, layout, values))
    return store


class World:
    """The HTTP API over a store."""

    def __init__(self, *, memory_limit: int = 1 << 30, max_concurrency: int = 4) -> None:
        self.store = fill()
        self.executor = CooperativeExecutor(max_concurrency)
        self.budget = MemoryBudget(memory_limit)
        self.app = Starlette(
            routes=[
                *query.routes(Engine(self.store, LIMITS), FrozenClock(NOW), self.executor, self.budget),
                *series.routes(self.store, FrozenClock(NOW), self.executor, self.budget),
            ]
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
            yield client

    async def ask(self, path: str, **parameters: Any) -> httpx.Response:
        async with self.client() as client:
            return await client.post(f"/api/v1/{path}", data=parameters)


async def begin(world: World) -> None:
    """Until a query runs."""
    for _ in range(100_000):
        if world.executor.running:
            return
        await asyncio.sleep(0)
    raise AssertionError("no query has begun")


@pytest.fixture(autouse=True)
def _shortest_time_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chance to yield control is taken."""
    monkeypatch.setattr(cooperative, "TIME_SLICE_SECONDS", 0.0)


class CallCounter:
    """Counts calls of functions in the threads of queries, and the most of them between two turns."""

    def __init__(self) -> None:
        self.calls = self.most = 0

    def count(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1
            self.most = max(self.most, self.calls)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run, run_slice = cooperative.CooperativeTask.run, cooperative.CooperativeTask.run_slice

        def run_counted(
            self: cooperative.CooperativeTask, compute: Callable[[cooperative.CooperativeTask], Any]
        ) -> Any:
            def counted(taken: cooperative.CooperativeTask) -> Any:
                sys.setprofile(counter.count)
                try:
                    return compute(taken)
                finally:
                    sys.setprofile(None)

            return run(self, counted)

        def run_slice_counted(self: cooperative.CooperativeTask, seconds: float) -> None:
            counter.calls = 0
            run_slice(self, seconds)

        counter = self
        monkeypatch.setattr(cooperative.CooperativeTask, "run", run_counted)
        monkeypatch.setattr(cooperative.CooperativeTask, "run_slice", run_slice_counted)


RANGE = {"start": NOW - 60, "end": NOW, "step": 5}
HEAVY = {
    "everything": ("query", {"query": '{__name__=~".+"}'}),
    "grouped": ("query", {"query": 'count by (__name__, instance) ({__name__=~".+"})'}),
    "summed": ("query", {"query": 'sum({__name__=~".+"})'}),
    "sorted": ("query", {"query": 'count(sort({__name__=~".+"}))'}),
    "top": ("query", {"query": 'topk(3, {__name__=~".+"})'}),
    "quantiles": ("query", {"query": 'quantile by (__name__) (0.5, {__name__=~".+"})'}),
    "group_left": ("query", {"query": "commands_total * on () group_left () vector(1)"}),
    "union": ("query", {"query": 'count({__name__=~".+"} or {__name__=~"gauge.+"})'}),
    "relabelled": (
        "query",
        {"query": 'count(label_replace({__name__=~".+"}, "x", "$1", "instance", "(.+)"))'},
    ),
    "counted values": ("query", {"query": 'count_values("value", {__name__=~".+"})'}),
    "subquery": ("query", {"query": "max_over_time(sum by (instance) (rate(commands_total[1m]))[5m:15s])"}),
    "histogram": ("query", {"query": "histogram_quantile(0.9, rate(seconds_bucket[5m]))"}),
    "the past": ("query", {"query": 'count({__name__=~".+"} offset 1m)'}),
    "regular expressions": (
        "query",
        {"query": 'count({__name__=~".+",instance=~".*1.*|.*2.*",cmd!~"(a|b)+"})'},
    ),
    "many expressions": ("query", {"query": "{" + 'instance=~".*[0-9].*",' * 500 + '__name__=~".+"}'}),
    "range": ("query_range", {"query": "rate(commands_total[1m])", **RANGE}),
    "range of sums": ("query_range", {"query": 'sum by (__name__) ({__name__=~".+"})', **RANGE}),
    "range of the top": ("query_range", {"query": 'topk(5, {__name__=~".+"})', **RANGE}),
    "range of the largest": (
        "query_range",
        {"query": 'max by (cmd, instance) ({__name__=~".+"}) * 2 > 1', **RANGE},
    ),
    "range of histograms": (
        "query_range",
        {"query": "histogram_quantile(0.9, rate(seconds_bucket[5m]))", **RANGE},
    ),
    "series": ("series", {"match[]": '{__name__=~".+"}'}),
    "labels": ("labels", {}),
}


@pytest.mark.parametrize(("path", "parameters"), HEAVY.values(), ids=HEAVY)
def test_the_event_loop_goes_on_during_the_heaviest_queries(
    monkeypatch: pytest.MonkeyPatch, path: str, parameters: dict[str, Any]
) -> None:
    counter = CallCounter()
    world = World()
    counter.watch(monkeypatch)
    response = asyncio.run(world.ask(path, **parameters))
    assert response.status_code == 200, response.text
    assert 0 < counter.most < MOST_CALLS


def test_what_is_written_meanwhile_is_not_seen() -> None:
    """Between any two turns every server gets a new sample; the answer is of one moment all the same."""
    world = World()

    async def main() -> tuple[httpx.Response, int]:
        asked = asyncio.create_task(
            world.ask("query", query='count by (n) (count_values("n", {__name__=~"gauge.*"}))')
        )
        writes = 0
        while not asked.done():
            await asyncio.sleep(0)
            if world.executor.running and writes < 20:
                writes += 1
                for group in list(world.store.groups):
                    at = NOW * 1000 - 100 + writes
                    world.store.append(
                        Sample(group.source, at, group.layout, [1e9 + writes] * len(group.layout))
                    )
        return await asked, writes

    response, writes = asyncio.run(main())
    assert writes > 5
    values = {row["metric"]["n"] for row in response.json()["data"]["result"]}
    # Of the first turn, in which nothing had been written, or of the one write before it.
    assert not any(value.startswith("1000000") for value in values) or len(values) == 1


@pytest.mark.parametrize("change", ["forget", "trim", "mark_stale"])
def test_servers_that_go_meanwhile_stay_in_the_answer(change: str) -> None:
    world = World()
    expected = asyncio.run(world.ask("query", query='count({__name__=~".+"})')).json()

    async def main() -> httpx.Response:
        asked = asyncio.create_task(world.ask("query", query='count({__name__=~".+"} and {__name__=~".+"})'))
        await begin(world)
        for _ in range(3):
            await asyncio.sleep(0)
        for number in range(SERVERS):
            if change == "forget":
                world.store.delete(f"s{number}")
            elif change == "mark_stale":
                world.store.mark_stale(f"s{number}", NOW * 1000 + 1)
        if change == "trim":
            list(world.store.trim(NOW * 1000))
        return await asked

    assert asyncio.run(main()).json()["data"] == expected["data"]


def test_a_query_fails_when_the_clock_is_set_meanwhile() -> None:
    world = World()

    async def main() -> httpx.Response:
        asked = asyncio.create_task(world.ask("query", query='count({__name__=~".+"})'))
        await begin(world)
        for _ in range(5):
            await asyncio.sleep(0)
        world.store.shift(-3_600_000)
        return await asked

    response = asyncio.run(main())
    assert response.status_code == 422
    assert response.json()["error"] == "the clock was set while the query ran: ask again"


def test_memory_of_queries_is_bounded_and_given_back() -> None:
    world = World(memory_limit=4 << 20)
    response = asyncio.run(world.ask("query", query='{__name__=~".+"}'))
    assert response.status_code == 422
    assert "would load too many samples into memory" in response.json()["error"]
    assert "query.memory_limit" in response.json()["error"]
    assert world.budget.refused_total == 1
    assert world.budget.used_bytes == 0
    assert asyncio.run(world.ask("query", query="gauge_1")).status_code == 200
    assert world.budget.used_bytes == 0


_HUGE = "y" * 60_000


@pytest.mark.parametrize(
    "expression",
    [
        f'label_replace({{__name__=~".+"}}, "x", "${{1}}{_HUGE}", "instance", "(.*)")',
        f'label_join({{__name__=~".+"}}, "x", "{_HUGE}", "instance", "cmd")',
    ],
)
def test_texts_count_as_memory_while_they_are_built(expression: str) -> None:
    # All of them are half a gigabyte.
    tracemalloc.start()
    try:
        response = asyncio.run(World().ask("query", query=expression))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert response.status_code == 422
    assert "would load too many samples into memory" in response.json()["error"]
    assert peak < 200_000_000


def test_what_would_take_long_to_match_is_refused() -> None:
    # RE2 would take some 100 ms for each value.
    text, pattern = "x" * 1000, "(x?)" * 90 + "x" * 1000
    query = f'label_replace(label_replace(gauge_1, "a", "{text}", "", ""), "b", "$1", "a", "{pattern}")'
    response = asyncio.run(World().ask("query", query=query))
    assert response.status_code == 422
    assert "label_replace() is too large for a value of 1,000 characters" in response.json()["error"]
    query = f'label_replace(label_replace(gauge_1, "a", "{text}", "", ""), "b", "$1", "a", "(x*)x")'
    assert len(asyncio.run(World().ask("query", query=query)).json()["data"]["result"]) == SERVERS / 2


def test_long_answers_count_as_memory() -> None:
    world = World(memory_limit=1 << 30)
    whole = asyncio.run(world.ask("series", **{"match[]": '{__name__=~".+"}'}))
    assert len(whole.content) > 1 << 19
    world = World(memory_limit=(SERVERS * 100 * 700) + (1 << 18))
    response = asyncio.run(world.ask("series", **{"match[]": '{__name__=~".+"}'}))
    assert response.status_code == 422
    assert world.budget.used_bytes == 0


def test_queries_wait_for_a_place_until_their_time_is_up() -> None:
    world = World(max_concurrency=1)

    async def main() -> tuple[httpx.Response, httpx.Response]:
        first = asyncio.create_task(world.ask("query", query='count(sort({__name__=~".+"}))'))
        await begin(world)
        second = await world.ask("query", query="gauge_1", timeout="1ms")
        return await first, second

    first, second = asyncio.run(main())
    assert first.status_code == 200
    assert second.status_code == 503
    assert second.json() == {
        "status": "error",
        "errorType": "timeout",
        "error": "query timed out in query queue",
    }
    assert world.executor.timed_out_total == 1
    assert world.executor.waiting == 0


def test_the_query_of_a_client_that_goes_away_ends() -> None:
    world = World()
    body = b"query=count(sort(%7B__name__%3D~%22.%2B%22%7D))"

    async def main() -> None:
        gone = asyncio.Event()
        is_sent = False

        async def receive() -> dict[str, Any]:
            nonlocal is_sent
            if not is_sent:
                is_sent = True
                return {"type": "http.request", "body": body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            pass

        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/query",
            "query_string": b"",
            "headers": headers,
        }
        task = asyncio.create_task(world.app(scope, receive, send))
        await begin(world)
        gone.set()
        with suppress(Exception):
            await task

    asyncio.run(main())
    assert world.executor.cancelled_total == 1
    assert world.executor.running == 0
    assert world.budget.used_bytes == 0


def test_long_lists_are_json() -> None:
    response = asyncio.run(World().ask("series", **{"match[]": "commands_total"}))
    found = json.loads(response.content)["data"]
    assert len(found) == SERVERS * 30
    assert found[0] == {"__name__": "commands_total", "cmd": "c0", "instance": "s0"}
