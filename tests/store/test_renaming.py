"""A server gets another name: its history goes along, and what had that name before is gone."""

import asyncio

import pytest

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import ChunkReader, Move, Store

GAUGE = Family("m", Kind.GAUGE, "A gauge.", ("k",))
UP = [Matcher(METRIC_NAME, MatchOp.EQUAL, "m")]


def base(name: str) -> Labels:
    return Labels({"instance": name, "job": "redis"})


def layout_of(instance: str, *keys: str) -> Layout:
    return Layout([Point(GAUGE, "", Labels({"k": key})) for key in keys], base(instance))


def move(old: str, new: str) -> Move:
    return Move(f"{old}/info", base(old), f"{new}/info", base(new))


def write(store: Store, instance: str, layout: Layout, *rows: tuple[int, float]) -> None:
    for timestamp, value in rows:
        store.append(Sample(f"{instance}/info", timestamp, layout, [value] * len(layout)))


def windows(store: Store) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """All samples, by instance and k."""
    found = {}
    for series in store.select(UP):
        times, values = series.window(0, 10_000)
        key = (series.labels.get("instance"), series.labels.get("k"))
        found[key] = list(zip(times, values, strict=True))
    return found


@pytest.fixture
def store() -> Store:
    """Two servers; one of them began to tell more halfway."""
    store = Store()
    write(store, "a", layout_of("a", "x"), (1, 1.0), (2, 2.0))
    write(store, "a", layout_of("a", "y"), (3, 3.0))
    write(store, "b", layout_of("b", "x"), (1, 10.0), (2, 20.0))
    return store


def test_history_goes_along(store: Store) -> None:
    before = windows(store)
    store.rename([move("a", "c")])
    assert windows(store) == {
        ("c", "x"): before["a", "x"],
        ("c", "y"): before["a", "y"],
        ("b", "x"): before["b", "x"],
    }
    assert store.group("a/info") is None
    # What comes next continues the same series.
    write(store, "c", layout_of("c", "y"), (4, 4.0))
    assert windows(store)["c", "y"] == [*before["a", "y"], (4, 4.0)]
    assert store.series_count == 3


def test_two_swap_their_names(store: Store) -> None:
    before = windows(store)
    versions = {name: getattr(store.group(f"{name}/info"), "version", 0) for name in "ab"}
    store.rename([move("a", "b"), move("b", "a")])
    assert windows(store) == {
        ("b", "x"): before["a", "x"],
        ("b", "y"): before["a", "y"],
        ("a", "x"): before["b", "x"],
    }
    # Who has seen a group of that name before sees that it is another one.
    for name in "ab":
        group = store.group(f"{name}/info")
        assert group is not None
        assert group.version > max(versions.values())


def test_what_had_the_name_before_is_gone(store: Store) -> None:
    store.rename([move("b", "a")])
    assert windows(store) == {("a", "x"): [(1, 10.0), (2, 20.0)]}


def test_a_name_under_which_nothing_was_written(store: Store) -> None:
    before = windows(store)
    store.rename([move("nobody", "somebody")])
    assert windows(store) == before


def test_what_was_put_back_after_a_restart_goes_along(store: Store) -> None:
    later = Store()
    for source in ("a/info", "b/info"):
        group = store.group(source)
        assert group is not None
        group.set_required_series(
            [series for series in store.find(UP) if f"{series.labels['instance']}/info" == source]
        )
    later.restore(asyncio.run(ChunkReader(store).read(0, 100)), 100)
    before = windows(later)
    later.rename([move("a", "b"), move("b", "a")])
    assert windows(later) == {
        ({"a": "b", "b": "a"}[instance], key): rows for (instance, key), rows in before.items()
    }
    write(later, "b", layout_of("b", "y"), (5, 5.0))
    assert windows(later)["b", "y"][-1] == (5, 5.0)
