"""`/metrics` is made when it is asked for; a large page that is always asked for, along with sampling."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from exporter.metrics import SeriesTable
from exporter.metrics.exposition import Exposition
from exporter.metrics.own import OwnMetrics
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind
from exporter.store import Store
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
