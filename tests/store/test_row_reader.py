"""What a reader of rows is told is what the store holds: of all series, whatever happened to them."""

from array import array
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model.labels import EMPTY, METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import NOT_KNOWN, Absence, Family, Kind, Layout, Point, Sample, is_stale
from exporter.store import Chunk, Move, RequiredSelector, RowReader, Rows, Store

COUNTER = Family("m_total", Kind.COUNTER, "A counter.", ("k",))
NEVER_MS = 10**15

Series = dict[Labels, dict[int, float]]


def layout_of(*names: str, base: Labels = EMPTY) -> Layout:
    return Layout([Point(COUNTER, "", Labels({"k": name})) for name in names], base)


def the(name: str) -> tuple[Matcher, ...]:
    return Matcher(METRIC_NAME, MatchOp.EQUAL, "m_total"), Matcher("k", MatchOp.EQUAL, name)


class Replay:
    """Applies rows as whoever stores them would: one after the other, a later one of the same time wins."""

    def __init__(self, store: Store) -> None:
        self.reader = RowReader(store)
        self.rows: dict[str, dict[int, Mapping[Labels, float]]] = {}
        self._state: dict[str, tuple[Layout, array[float]]] = {}

    def read(self, most: int = 10_000) -> list[Rows]:
        found = self.reader.read(most)
        if self.reader.shift_ms:
            by_ms = self.reader.shift_ms
            self.rows = {
                source: {at + by_ms: row for at, row in rows.items()} for source, rows in self.rows.items()
            }
        for rows in found:
            self._take(rows)
        self.reader.ack()
        return found

    def read_all(self) -> None:
        while self.read(3):
            pass

    def _take(self, rows: Rows) -> None:
        if rows.base is not None:
            self._state[rows.source] = rows.layout, rows.base[:]
        layout, state = self._state[rows.source]
        assert layout is rows.layout
        for number, at in enumerate(rows.times):
            for index, value in zip(*rows.changes(number), strict=True):
                state[index] = value
            values = {layout.labels(i): value for i, value in enumerate(state) if not is_stale(value)}
            self.rows.setdefault(rows.source, {})[at] = values

    def series(self, source: str) -> Series:
        found: Series = {}
        for at, values in sorted(self.rows.get(source, {}).items()):
            for labels, value in values.items():
                found.setdefault(labels, {})[at] = value
        return found


def held(store: Store, source: str) -> Series:
    """What the store itself reads of a source."""
    group = store.group(source)
    if group is None:
        return {}
    series = store.select_of([group], [Matcher(METRIC_NAME, MatchOp.EQUAL, "m_total")])
    windows = {one.labels: one.window(-NEVER_MS, NEVER_MS) for one in series}
    return {
        labels: dict(zip(times, values, strict=True)) for labels, (times, values) in windows.items() if times
    }


# One pass: how long after the one before, which series the layout has, their values, what is known of those
# that are missing before, and whether the reader looks afterwards.
passes = st.lists(
    st.tuples(
        st.integers(1, 40_000),
        st.sampled_from(["a", "ab", "abc", "abcd", "bc", "d"]),
        st.lists(st.sampled_from([None, 0.0, 1.0, 1.0, 2.5]), min_size=4, max_size=4),
        st.sampled_from([NOT_KNOWN, Absence(families=frozenset({COUNTER}))]),
        st.sampled_from(["", "", "", "read", "lose", "stale", "shift", "trim"]),
    ),
    max_size=40,
)


@given(passes)
@settings(deadline=None)
def test_what_is_read_is_what_the_store_holds(
    written: list[tuple[int, str, list[float | None], Absence, str]],
) -> None:
    store = Store(retention_ms=NEVER_MS)
    replay = Replay(store)
    layouts: dict[str, Layout] = {}
    now = trimmed = 0
    for step, names, values, absence, event in written:
        now += step
        layout = layouts.setdefault(names, layout_of(*names))
        store.append(Sample("here", now, layout, values[: len(names)], absence))
        if event == "read":
            replay.read(2)
        elif event == "lose":
            # A reading that could not be written is made once more.
            replay.reader.read(2)
        elif event == "stale":
            now += 1
            store.mark_stale("here", now)
        elif event == "shift":
            store.shift(-7)
            now, trimmed = now - 7, trimmed - 7
        elif event == "trim":
            replay.read_all()
            trimmed = now - 20_000
            group = store.group("here")
            assert group is not None
            store.trim_group(group, trimmed)
    replay.read_all()
    told = {
        labels: {at: value for at, value in points.items() if at > trimmed}
        for labels, points in replay.series("here").items()
    }
    assert {labels: points for labels, points in told.items() if points} == held(store, "here")


def test_a_count_that_has_begun_writes_the_row_before_once_more() -> None:
    store = Store()
    replay = Replay(store)
    layout = layout_of("a", "b")
    store.append(Sample("here", 1_000, layout, [1.0, None]))
    replay.read()
    store.append(Sample("here", 2_000, layout, [1.0, 5.0], Absence(families=frozenset({COUNTER}))))
    [rows] = replay.read()
    assert list(rows.times) == [1_000, 2_000]
    assert replay.series("here")[layout.labels(1)] == {1_000: 0.0, 2_000: 5.0}


def test_a_reading_is_bounded_and_continued() -> None:
    store = Store()
    replay = Replay(store)
    for at in range(1, 11):
        store.append(Sample("here", at, layout_of("a"), [float(at)]))
        store.append(Sample("there", at, layout_of("b"), [float(at)]))
    sizes = []
    while found := replay.read(7):
        sizes.append(sum(len(rows.times) for rows in found))
    assert sizes == [7, 7, 6]
    assert replay.series("here") == held(store, "here")
    assert replay.series("there") == held(store, "there")


def test_nothing_is_read_when_nothing_was_written() -> None:
    store = Store()
    replay = Replay(store)
    store.append(Sample("here", 1_000, layout_of("a"), [1.0]))
    assert replay.read()
    assert not replay.read()


def test_bytes_are_shared_with_the_store() -> None:
    store = Store()
    layout = layout_of("a")
    store.append(Sample("here", 1_000, layout, [1.0]))
    store.append(Sample("here", 2_000, layout, [2.0]))
    [rows] = RowReader(store).read(10)
    group = store.group("here")
    assert group is not None
    assert rows.values[1] is group.segments[0].values[0]


def test_what_was_there_at_the_beginning_can_be_left_out() -> None:
    store = Store()
    replay = Replay(store)
    layout = layout_of("a")
    store.append(Sample("here", 1_000, layout, [1.0]))
    replay.reader.seek_to_end()
    assert not replay.read()
    store.append(Sample("here", 2_000, layout, [1.0]))
    [rows] = replay.read()
    assert rows.base == array("d", [1.0])
    assert list(rows.times) == [2_000]


def test_what_was_put_back_after_a_restart_is_not_read() -> None:
    store = Store()
    replay = Replay(store)
    labels = Labels({METRIC_NAME: "m_total", "k": "a"})
    chunk = Chunk("here", [labels], is_complete=True, times=array("q", [1_000, 2_000]))
    chunk.add(0, 0, 1.0)
    store.restore([chunk], 3_000)
    assert not replay.read()
    store.append(Sample("here", 4_000, layout_of("a", "b"), [1.0, 2.0]))
    [rows] = replay.read()
    assert list(rows.times) == [4_000]
    group = store.group("here")
    assert group is not None
    assert group.times[group.whole_row - group.first_row] == 4_000


def test_a_source_that_gets_another_name_goes_on_under_that() -> None:
    store = Store()
    replay = Replay(store)
    before, after = Labels({"instance": "old"}), Labels({"instance": "new"})
    store.append(Sample("old", 1_000, layout_of("a", base=before), [1.0]))
    replay.read()
    store.append(Sample("old", 2_000, layout_of("a", base=before), [2.0]))
    store.rename([Move("old", before, "new", after)])
    ended, rows = replay.read()
    assert (ended.source, list(ended.times), len(ended.layout)) == ("old", [1_001], 0)
    assert (rows.source, list(rows.times), rows.base) == ("new", [2_000], array("d", [2.0]))
    assert rows.layout.labels(0).get("instance") == "new"
    assert not replay.read()


def test_two_sources_that_swap_their_names_go_on() -> None:
    store = Store()
    replay = Replay(store)
    a, b = Labels({"instance": "a"}), Labels({"instance": "b"})
    for source, labels in (("a", a), ("b", b)):
        store.append(Sample(source, 1_000, layout_of("x", base=labels), [1.0]))
    replay.read()
    store.rename([Move("a", a, "b", b), Move("b", b, "a", a)])
    assert not replay.read()
    for source, labels in (("a", a), ("b", b)):
        store.append(Sample(source, 2_000, layout_of("x", base=labels), [1.0]))
    found = replay.read()
    assert sorted((rows.source, list(rows.times)) for rows in found) == [("a", [2_000]), ("b", [2_000])]
    assert all(rows.layout.labels(0).get("instance") == rows.source for rows in found)


def test_a_source_that_is_deleted_ends() -> None:
    store = Store()
    replay = Replay(store)
    store.append(Sample("here", 1_000, layout_of("a"), [1.0]))
    replay.read()
    store.shift(-500)
    replay.read()
    store.delete("here")
    [rows] = replay.read()
    assert (rows.source, list(rows.times), len(rows.layout)) == ("here", [501], 0)
    assert not replay.read()


def test_rows_that_were_dropped_unread_are_counted() -> None:
    store = Store()
    replay = Replay(store)
    layout = layout_of("a")
    store.append(Sample("here", 1_000, layout, [1.0]))
    replay.read()
    for at in range(2_000, 12_000, 1_000):
        store.append(Sample("here", at, layout, [float(at)]))
    group = store.group("here")
    assert group is not None
    store.trim_group(group, 5_000)
    [rows] = replay.read()
    assert rows.lost_rows == replay.reader.lost_rows == 4
    assert (rows.times[0], rows.base) == (6_000, array("d", [6_000.0]))


def test_rows_that_memory_pressure_has_cut_down_are_counted() -> None:
    store = Store()
    replay = Replay(store)
    layout = layout_of("a", "b")
    store.set_required([RequiredSelector(tuple(the("a")), 3_600_000)])
    for at in range(1_000, 101_000, 1_000):
        store.append(Sample("here", at, layout, [float(at), float(at)]))
    replay.read(10)
    group = store.group("here")
    assert group is not None
    store.evict_group(group, 100_000, 50_000)
    assert group.first_row == 0
    assert group.whole_row > 0
    replay.read_all()
    assert replay.reader.lost_rows == group.whole_row - 10
    seen = [at for at in replay.series("here")[layout.labels(1)] if at > 10_000]
    assert seen == list(group.times[group.whole_row :])
