"""`/federate` answers as Prometheus' own does."""

import gzip

import httpx
import pytest
from starlette.types import ASGIApp

from exporter.metrics.own import OwnMetrics
from exporter.model.labels import EMPTY, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import MemoryBudget
from exporter.store import Store
from exporter.web import federate
from exporter.web.api_v1.cooperative import CooperativeExecutor
from exporter.web.app import build_web_app
from exporter.web.metrics import MetricsEndpoint
from tests.clocks import FrozenClock
from tests.web.asgi import request
from tests.web.directory import Current, External

MINUTE = 60_000
UP = Family("redis_up", Kind.GAUGE, "Whether the server answers.")
KEYS = Family("redis_db_keys", Kind.GAUGE, "Keys.", ("db",))


def app(store: Store, clock: FrozenClock, *, external: Labels = EMPTY, memory: int = 1 << 30) -> ASGIApp:
    route = federate.routes(store, clock, CooperativeExecutor(), MemoryBudget(memory), External(external))
    page = MetricsEndpoint(store, lambda: (), OwnMetrics(), clock, Current())
    return build_web_app(page, route)


def get(site: ASGIApp, *selectors: str, accept: str = "text/plain") -> httpx.Response:
    query = {"match[]": list(selectors)}
    return request(site, "GET", "/federate", params=query, headers={"accept": accept})


def layout_of(instance: str) -> Layout:
    points = [Point(KEYS, "", Labels({"db": db})) for db in "10"] + [Point(UP, "", EMPTY)]
    return Layout(points, Labels({"instance": instance, "job": "redis"}))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(clock: FrozenClock) -> Store:
    """Two servers: one is sampled now, one was for the last time four minutes ago."""
    store = Store()
    store.append(Sample("a", clock.at_ms - 4 * MINUTE, layout_of("a:1"), [5.0, 7.0, 1.0]))
    store.append(Sample("b", clock.at_ms, layout_of("b:1"), [None, 3.0, 1.0]))
    return store


def test_series_are_in_order_of_name_and_labels_with_their_times(store: Store, clock: FrozenClock) -> None:
    response = get(app(store, clock), '{job="redis"}')
    then, now = clock.at_ms - 4 * MINUTE, clock.at_ms
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.text.splitlines() == [
        "# TYPE redis_db_keys untyped",
        f'redis_db_keys{{db="0",instance="a:1",job="redis"}} 7 {then}',
        f'redis_db_keys{{db="0",instance="b:1",job="redis"}} 3 {now}',
        f'redis_db_keys{{db="1",instance="a:1",job="redis"}} 5 {then}',
        "# TYPE redis_up untyped",
        f'redis_up{{instance="a:1",job="redis"}} 1 {then}',
        f'redis_up{{instance="b:1",job="redis"}} 1 {now}',
    ]


def test_a_series_that_several_selectors_pick_comes_once(store: Store, clock: FrozenClock) -> None:
    response = get(app(store, clock), "redis_up", '{instance="a:1"}', '{__name__=~"redis_u.*"}')
    assert len(response.text.splitlines()) == len(set(response.text.splitlines())) == 6


@pytest.mark.parametrize(("minutes", "count"), [(0.9, 2), (1.0, 2), (1.1, 1), (5.1, 0)])
def test_the_lookback_is_five_minutes(store: Store, clock: FrozenClock, minutes: float, count: int) -> None:
    clock.at += minutes * 60
    assert get(app(store, clock), "redis_up").text.count("\nredis_up{") == count


def test_a_series_that_has_ended_is_left_out(store: Store, clock: FrozenClock) -> None:
    store.mark_stale("b", clock.at_ms + 1)
    clock.at += 1
    assert "b:1" not in get(app(store, clock), "redis_up").text


def test_openmetrics_is_for_who_asks_for_it(store: Store, clock: FrozenClock) -> None:
    accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5"
    response = get(app(store, clock), "redis_up", accept=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.startswith("# TYPE redis_up unknown\n")
    assert response.text.endswith("# EOF\n")


def test_external_labels_are_added(store: Store, clock: FrozenClock) -> None:
    response = get(app(store, clock, external=Labels({"job": "outer", "replica": "a"})), "redis_up")
    assert 'redis_up{instance="a:1",job="redis",replica="a"} 1 ' in response.text


def test_without_a_selector_nothing_is_picked(store: Store, clock: FrozenClock) -> None:
    response = get(app(store, clock))
    assert (response.status_code, response.text) == (200, "")


@pytest.mark.parametrize("selector", ["-not-a-name", "sum(redis_up)", "redis_up{", "redis_up[5m]", ""])
def test_a_selector_that_is_none_is_refused_in_words(store: Store, clock: FrozenClock, selector: str) -> None:
    response = get(app(store, clock), "redis_up", selector)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/plain")
    assert "parse error" in response.text


def test_a_long_page_is_compressed(store: Store, clock: FrozenClock) -> None:
    clock.at += 1
    points = [Point(KEYS, "", Labels({"db": str(number)})) for number in range(5_000)]
    store.append(Sample("c", clock.at_ms, Layout(points), [1.0] * len(points)))
    response = request(
        app(store, clock), "GET", "/federate?match[]=redis_db_keys", headers={"accept-encoding": "gzip"}
    )
    assert response.headers["content-encoding"] == "gzip"
    assert response.text.count("\nredis_db_keys{") == 5_003
    assert response.num_bytes_downloaded < len(gzip.compress(response.content)) * 2


def test_what_would_take_too_much_memory_is_refused(clock: FrozenClock) -> None:
    store = Store()
    points = [Point(KEYS, "", Labels({"db": str(number)})) for number in range(3_000)]
    store.append(Sample("c", clock.at_ms, Layout(points), [1.0] * len(points)))
    response = get(app(store, clock, memory=100_000), "redis_db_keys")
    assert response.status_code == 503
    assert "query.memory_limit" in response.text
