"""The samples that rules need, over a restart: written as they come, and put back."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Matrix, Vector, parse
from exporter.state import history as history_module
from exporter.state.database import Database
from exporter.state.history import SqliteHistory
from exporter.store import RequiredSelector, Store
from tests.clocks import FrozenClock

NEEDED = Family("needed", Kind.COUNTER, "A rule reads it.", ("k",))
OTHER = Family("other", Kind.GAUGE, "No rule does.", ("k",))
REACH_MS = 600_000
NAMED = (Matcher(METRIC_NAME, MatchOp.EQUAL, "needed"),)
START_MS = 1_700_000_000_000

Story = Callable[[Store, SqliteHistory], Awaitable[None]]


def layout_of(*names: str) -> Layout:
    points = [Point(family, "", Labels({"k": name})) for name in names for family in (NEEDED, OTHER)]
    return Layout(points)


class Life:
    """A daemon's store and history in one file, over several processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FrozenClock(START_MS / 1000)

    def live(
        self, story: Story, *, selectors: tuple[RequiredSelector, ...] = (RequiredSelector(NAMED, REACH_MS),)
    ) -> Store:
        """One process: start, story, and then it is killed: nothing is written at the end."""

        async def run() -> Store:
            database = Database(self.path)
            history = SqliteHistory(database, self.clock)
            store = Store()
            store.set_required(selectors)
            await history.restore(store)
            history.follow(store)
            try:
                await story(store, history)
            finally:
                await database.close()
            return store

        return asyncio.run(run())

    def write(self, store: Store, layout: Layout, *values: float | None, after_ms: int = 5_000) -> None:
        """One pass: of each name of the layout a value, for both families."""
        self.clock.at_ms += after_ms
        both = [value for value in values for _ in range(2)]
        store.append(Sample("target", self.clock.at_ms, layout, both))


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path / "state.db")


async def nothing(store: Store, history: SqliteHistory) -> None:
    """Starts, and is killed."""


def points(store: Store) -> dict[str, list[tuple[int, float]]]:
    found = {}
    for series in store.select(NAMED):
        times, values = series.window(0, 1 << 60)
        if times:
            found[series.labels.get("k")] = list(zip(times, values, strict=True))
    return found


def test_what_rules_need_comes_back_and_goes_on_as_one_series(life: Life) -> None:
    layout = layout_of("a", "b")

    async def first(store: Store, history: SqliteHistory) -> None:
        for number in range(60):
            life.write(store, layout, float(number), 7.0)
            await history.flush()

    async def second(store: Store, history: SqliteHistory) -> None:
        for number in range(60, 65):
            life.write(store, layout_of("a", "b"), float(number), 7.0)
            await history.flush()

    before = life.live(first)
    expected = points(before)
    after = life.live(nothing)
    assert points(after) == expected
    assert not after.select([Matcher(METRIC_NAME, MatchOp.EQUAL, "other")])
    life.clock.at_ms += 3_000
    resumed = life.live(second)
    assert len(resumed.select(NAMED)) == 2
    result = Engine(resumed).instant(parse("rate(needed[5m])"), life.clock.at_ms)
    assert isinstance(result.value, Vector)
    rates = {sample.labels.get("k"): sample.value for sample in result.value.samples}
    assert rates["a"] == pytest.approx(0.2, rel=0.05)
    assert rates["b"] == 0.0


# Passes: how long after the last one, which names have a value of which kind, and whether it is flushed,
# or the process killed and started again.
steps = st.lists(
    st.tuples(
        st.integers(1, 90_000),
        st.lists(st.sampled_from("abc"), unique=True, max_size=3),
        st.lists(st.sampled_from([None, 0.0, 1.0, 1.0, float("inf")]), min_size=3, max_size=3),
        st.sampled_from(["flush", "flush", "wait", "kill"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_is_written_and_killed_reads_as_if_nothing_had_been(
    tmp_path: Path, story: list[tuple[int, list[str], list[float | None], str]]
) -> None:
    path = tmp_path / "state.db"
    path.unlink(missing_ok=True)
    life = Life(path)
    witness = Store()
    lives: list[list[tuple[int, list[str], list[float | None], str]]] = [[]]
    for step in story:
        lives[-1].append(step)
        if step[3] == "kill":
            lives.append([])

    for one_life in lives:

        async def play(store: Store, history: SqliteHistory, steps_now: object = one_life) -> None:
            assert isinstance(steps_now, list)
            for after_ms, names, values, what in steps_now:
                layout = layout_of(*names)
                life.write(store, layout, *values[: len(names)], after_ms=after_ms)
                witness.append(
                    Sample(
                        "target",
                        life.clock.at_ms,
                        layout,
                        [value for value in values[: len(names)] for _ in range(2)],
                    )
                )
                if what != "wait":
                    await history.flush()
            await history.flush()

        life.live(play)
    restored = life.live(nothing)
    since = life.clock.at_ms - REACH_MS

    def recent(store: Store) -> dict[str, list[tuple[int, float]]]:
        kept = {
            name: [point for point in all_points if point[0] > since]
            for name, all_points in points(store).items()
        }
        return {name: some for name, some in kept.items() if some}

    assert recent(restored) == recent(witness)


def test_old_segments_go_and_what_stands_still_is_known_without_them(life: Life) -> None:
    layout = layout_of("a")

    async def hours(store: Store, history: SqliteHistory) -> None:
        for _ in range(720):
            life.write(store, layout, 1.0, after_ms=15_000)
            await history.flush()

    life.live(hours)
    with sqlite3.connect(life.path) as connection:
        ((rows, oldest),) = connection.execute("SELECT count(*), min(chapter) FROM sample_history")
    connection.close()
    # Ten minutes of reach, at most two segments more.
    assert rows <= 60
    assert oldest >= life.clock.at_ms - REACH_MS * 2
    restored = life.live(nothing)
    assert len(points(restored)["a"]) >= 40


def test_too_much_of_it_loses_the_oldest_and_counts(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MAX_BYTES", 4_000)
    layout = layout_of("a")
    counts = []

    async def hours(store: Store, history: SqliteHistory) -> None:
        for number in range(400):
            life.write(store, layout, number * 1.1, after_ms=3_000)
            await history.flush()
        counts.append(history.dropped_segments)

    life.live(hours)
    assert counts[0] > 0
    with sqlite3.connect(life.path) as connection:
        ((size,),) = connection.execute("SELECT sum(length(data)) FROM sample_history")
    connection.close()
    assert size < 10_000


def test_while_the_database_fails_it_waits_in_the_store(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.state.connection._BUSY_SECONDS", 0.01)
    layout = layout_of("a")

    async def trouble(store: Store, history: SqliteHistory) -> None:
        life.write(store, layout, 1.0)
        await history.flush()
        lock = sqlite3.connect(life.path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        for number in range(5):
            life.write(store, layout, 2.0 + number)
            await history.flush()
        assert history.rows_total == 1
        lock.execute("ROLLBACK")
        lock.close()
        await history.flush()
        assert (history.rows_total, history.lost_rows) == (6, 0)

    before = life.live(trouble)
    assert points(life.live(nothing)) == points(before)


def test_damage_costs_what_is_damaged(life: Life) -> None:
    layout = layout_of("a")

    async def some(store: Store, history: SqliteHistory) -> None:
        for number in range(3):
            life.write(store, layout, float(number))
            await history.flush()

    life.live(some)
    with sqlite3.connect(life.path) as connection:
        connection.execute("UPDATE sample_history SET data = x'00ff' WHERE id = 2")
    connection.close()
    assert [value for _, value in points(life.live(nothing))["a"]] == [0.0, 2.0]


def test_a_target_that_died_meanwhile_ends(life: Life) -> None:
    layout = layout_of("a")

    async def alive(store: Store, history: SqliteHistory) -> None:
        life.write(store, layout, 1.0)
        await history.flush()

    async def dead(store: Store, history: SqliteHistory) -> None:
        (series,) = store.select(NAMED)
        assert series.at(life.clock.at_ms, 300_000) == 1.0
        assert store.resumed_sources == ["target"]
        life.clock.at_ms += 1_000
        store.mark_stale("target", life.clock.at_ms)
        assert series.at(life.clock.at_ms, 300_000) is None
        assert store.resumed_sources == []

    life.live(alive)
    life.live(dead)


def test_a_clock_set_back_does_not_keep_new_samples_out(life: Life) -> None:
    layout = layout_of("a")

    async def write(store: Store, history: SqliteHistory) -> None:
        life.write(store, layout, 1.0)
        await history.flush()

    life.live(write)
    life.clock.at_ms -= 3_600_000
    assert len(points(life.live(write))["a"]) == 1


def test_samples_of_a_clock_that_was_ahead_do_not_come_back_when_it_is_that_late(life: Life) -> None:
    layout = layout_of("a")

    async def write(store: Store, history: SqliteHistory) -> None:
        life.write(store, layout, 1.0)
        await history.flush()

    life.live(write)
    life.clock.at_ms -= REACH_MS
    life.live(write)
    kept = points(life.live(write))["a"]
    assert len(kept) == 2
    # By now the first one lies in the past again.
    life.clock.at_ms += REACH_MS // 2
    assert points(life.live(write))["a"][:2] == kept


def test_what_was_written_before_the_clock_went_back_is_replaced(life: Life) -> None:
    layout = layout_of("a")

    async def write(store: Store, history: SqliteHistory) -> None:
        for value in range(4):
            life.write(store, layout, float(value))
        await history.flush()
        store.shift(-3_600_000)
        life.clock.at_ms -= 3_600_000
        history.rewrite()
        life.write(store, layout, 4.0)
        await history.flush()
        assert history.lost_rows == 0

    before = points(life.live(write))["a"]
    assert [value for _, value in before] == [0.0, 1.0, 2.0, 3.0, 4.0]

    async def look(store: Store, history: SqliteHistory) -> None:
        """Only what was put back."""

    assert points(life.live(look))["a"] == before


def test_series_go_on_under_the_labels_that_they_have_now(tmp_path: Path) -> None:
    life = Life(tmp_path / "state.db")

    async def tell(store: Store, history: SqliteHistory) -> None:
        for _ in range(3):
            life.clock.at_ms += 15_000
            store.append(Sample("here", life.clock.at_ms, layout_of("a"), [1.0, 2.0]))
        await history.flush()

    life.live(tell)

    async def read() -> list[tuple[str, int]]:
        database, store = Database(life.path), Store()
        store.set_required([RequiredSelector(NAMED, REACH_MS)])
        history = SqliteHistory(database, life.clock)
        await history.restore(store, lambda labels: labels.with_({"job": "redis"}))
        life.clock.at_ms += 15_000
        base = Labels({"job": "redis"})
        store.append(Sample("here", life.clock.at_ms, Layout(layout_of("a").points, base), [3.0, 4.0]))
        await database.close()
        value = Engine(store).instant(parse("needed[10m]"), life.clock.at_ms).value
        assert isinstance(value, Matrix)
        return [(str(series.labels), len(series.points)) for series in value.series]

    assert asyncio.run(read()) == [('needed{job="redis", k="a"}', 4)]
