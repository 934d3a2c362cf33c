"""What a rule writes, over a restart."""

import asyncio

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.rules.output import Output
from exporter.store import ChunkReader, RequiredSelector, Store

ALERTS = Labels({METRIC_NAME: "ALERTS", "alertname": "Down"})
NAMED = (Matcher(METRIC_NAME, MatchOp.EQUAL, "ALERTS"),)


def restarted() -> Store:
    """A store with what a rule had written before a restart."""
    before = Store()
    before.set_required([RequiredSelector(NAMED, 600_000)])
    reader = ChunkReader(before)
    asyncio.run(Output("rule").write(before, {ALERTS: 1.0}, 1_000))
    after = Store()
    after.restore(asyncio.run(reader.read(0, 1_000)), 2_000)
    return after


def test_what_is_no_longer_so_after_a_restart_ends_with_the_first_evaluation() -> None:
    store = restarted()
    (series,) = store.select(NAMED)
    assert series.at(2_000, 300_000) == 1.0
    asyncio.run(Output("rule").write(store, {}, 3_000))
    assert series.at(3_000, 300_000) is None
    assert store.resumed_sources == []


def test_what_still_is_so_goes_on() -> None:
    store = restarted()
    (series,) = store.select(NAMED)
    asyncio.run(Output("rule").write(store, {ALERTS: 1.0}, 3_000))
    assert [list(part) for part in series.window(0, 3_000)] == [[1_000, 3_000], [1.0, 1.0]]
