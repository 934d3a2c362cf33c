"""`/metrics` is made when it is asked for; a large page that is always asked for, along with sampling."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from exporter.config.main import Config
from exporter.metrics import SeriesTable
from exporter.metrics.exposition import Exposition
from exporter.metrics.own import OwnMetrics
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind
from exporter.store import Store
from exporter.web.app import build_web_app
from exporter.web.metrics import MetricsEndpoint
from tests.clocks import FrozenClock
from tests.web.asgi import request
from tests.web.directory import Current

GAUGE = Family("vigil_gauge", Kind.GAUGE, "A gauge.")


class WatchedExposition(Exposition):
    """Takes some seconds of the clock for each page, and counts what is asked of it."""

    clock: FrozenClock
    seconds = 0.0
    refreshes = 0

    def render_slowly(self) -> Iterator[bytes]:
        WatchedExposition.clock.at += WatchedExposition.seconds
        return super().render_slowly()

    def refresh(self, groups: Iterable[Any]) -> None:
        WatchedExposition.refreshes += 1
        super().refresh(groups)


def count_refreshes(monkeypatch: pytest.MonkeyPatch, *, page_takes: float, seconds_between: float) -> int:
    """How often a group is written along with sampling, of six passes with a scrape after each."""
    clock, store = FrozenClock(1000.0), Store()
    monkeypatch.setattr(WatchedExposition, "clock", clock, raising=False)
    monkeypatch.setattr(WatchedExposition, "seconds", page_takes)
    monkeypatch.setattr("exporter.web.metrics.Exposition", WatchedExposition)
    table = SeriesTable("here", Labels({"instance": "a:1"}))
    page = MetricsEndpoint(store, lambda: store.groups, OwnMetrics(), clock, Current())
    count = 0
    for value in range(6):
        table.set(GAUGE, float(value))
        store.append(table.finish(int(clock.now() * 1000)))
        before = WatchedExposition.refreshes
        page.refresh(list(store.groups))
        count += WatchedExposition.refreshes - before
        assert f'vigil_gauge{{instance="a:1"}} {value}\n' in request(page, "GET", "/metrics").text
        clock.at += seconds_between
    return count


def test_a_large_page_is_written_along_for_who_comes_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # The first two scrapes tell how often they come.
    assert count_refreshes(monkeypatch, page_takes=0.5, seconds_between=15.0) == 4


@pytest.mark.parametrize(("page_takes", "seconds_between"), [(0.5, 60.0), (0.01, 15.0)])
def test_others_are_made_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, page_takes: float, seconds_between: float
) -> None:
    assert count_refreshes(monkeypatch, page_takes=page_takes, seconds_between=seconds_between) == 0


def page_of(path: str = "/metrics", **web: Any) -> tuple[int, str]:
    """Status and text of a page of one series and the daemon's own, with this section `web`."""
    store, table = Store(), SeriesTable("here", Labels({"instance": "a:1"}))
    table.set(Family("redis_up", Kind.GAUGE, "Up."), 1.0)
    store.append(table.finish(1_000_000))
    current = Current(Config.model_validate({"web": web}))
    page = MetricsEndpoint(store, lambda: store.groups, OwnMetrics(), FrozenClock(1000.0), current)
    answer = request(build_web_app(page, []), "GET", path)
    return answer.status_code, answer.text


def test_names_begin_with_the_namespace() -> None:
    status, text = page_of(namespace="shop")
    assert status == 200
    assert '# TYPE shop_up gauge\nshop_up{instance="a:1"} 1\n' in text
    assert "\nredis_vigil_build_info{" in text
    assert "redis_up" not in text


def test_metrics_are_at_the_telemetry_path_too() -> None:
    for path in ("/metrics", "/redis/metrics"):
        status, text = page_of(path, telemetry_path="/redis/metrics")
        assert (status, "redis_up{" in text) == (200, True)
    assert page_of("/redis/metrics")[0] == 404


def test_the_daemons_own_metrics_can_be_left_out() -> None:
    assert "redis_vigil_build_info{" in page_of()[1]
    assert page_of(own_metrics=False)[1] == (
        '# HELP redis_up Up.\n# TYPE redis_up gauge\nredis_up{instance="a:1"} 1\n'
    )


@pytest.mark.parametrize(
    ("web", "message"),
    [
        ({"telemetry_path": "/"}, "must be a path such as"),
        ({"telemetry_path": "metrics"}, "must be a path such as"),
        ({"telemetry_path": "/api/v1/query"}, "none of an API"),
        ({"namespace": ""}, "must be a word"),
        ({"namespace": "my-redis"}, "must be a word"),
    ],
)
def test_paths_and_namespaces_that_cannot_be(web: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Config.model_validate({"web": web})
