"""The clock was set: what is held moves with it, for all who read it."""

import asyncio

import pytest

from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Sample
from exporter.store import ChunkReader, RequiredSelector, Store
from tests.store.test_store import SOURCE, layout_of, one

LAYOUT = layout_of("a", "b")
START = 10_000_000


def write(store: Store, at: int, *values: float) -> None:
    store.append(Sample(SOURCE, at, LAYOUT, list(values)))


def filled() -> Store:
    store = Store()
    store.set_required([RequiredSelector((Matcher("__name__", MatchOp.EQUAL, "m"),), 600_000)])
    for row in range(10):
        write(store, START + row * 15_000, row, 7.0)
    return store


@pytest.mark.parametrize("by", [-1000, -600_000, -7_200_000])
def test_samples_go_on_at_once_and_the_old_ones_are_as_old_as_before(by: int) -> None:
    store = filled()
    # Held by rules and by selections that are kept, materialized before and after.
    (held,) = store.select(one(store, "a"))
    end = START + 9 * 15_000
    before = held.window(end - 60_000, end)
    store.shift(by)
    (again,) = store.select(one(store, "a"))
    assert again is held
    times, values = held.window(end + by - 60_000, end + by)
    assert [list(before[0]), list(before[1])] == [[moment - by for moment in times], list(values)]
    assert held.at(end + by, 300_000) == 9.0
    # Nothing is left in the future.
    assert not held.has_samples(end + by + 1, end + 10_000_000)
    write(store, end + by + 500, 42.0, 7.0)
    assert store.out_of_order == 0
    assert held.at(end + by + 500, 300_000) == 42.0
    assert held.window(end + by - 20_000, end + by + 500)[1] == [8.0, 9.0, 42.0]
    group = store.group(SOURCE)
    assert group is not None
    assert group.last_time == end + by + 500
    list(store.refresh_required())
    assert [series.labels.get("k") for series in group.required] == ["a", "b"]


def test_a_source_that_ended_stays_ended() -> None:
    store = filled()
    end = START + 9 * 15_000
    store.mark_stale(SOURCE, end + 1)
    store.shift(-3_600_000)
    (held,) = store.select(one(store, "a"))
    assert held.at(end + 1 - 3_600_000, 300_000) is None
    assert held.at(end - 3_600_000, 300_000) == 9.0
    list(store.trim(end - 3_600_000))
    assert held.at(end - 3_600_000, 300_000) == 9.0


def test_who_follows_the_store_can_read_everything_by_the_new_time() -> None:
    store = filled()
    reader = ChunkReader(store)
    assert sum(len(piece.times) for piece in asyncio.run(reader.read(0, 1000))) == 10
    reader.ack()
    store.shift(-7_200_000)
    reader.rewind()
    (piece,) = asyncio.run(reader.read(0, 1000))
    assert piece.is_complete
    assert list(piece.times) == [START + row * 15_000 - 7_200_000 for row in range(10)]
    reader.ack()
    assert asyncio.run(reader.read(0, 1000)) == []
