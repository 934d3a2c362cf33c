"""The store against a plain list of samples: whatever is written, both read the same."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import STALE, Family, Kind, Layout, Point, Sample, is_stale
from exporter.store import Store

GAUGE = Family("m", Kind.GAUGE, "A gauge.", ("k",))
SOURCE = "here"


def layout_of(*names: str) -> Layout:
    return Layout([Point(GAUGE, "", Labels({"k": name})) for name in names])


def one(store: Store, name: str) -> tuple[Matcher, Matcher]:
    return Matcher(METRIC_NAME, MatchOp.EQUAL, "m"), Matcher("k", MatchOp.EQUAL, name)


@dataclass
class Plain:
    """What a series would be without any encoding: (timestamp, value or None for its end)."""

    points: list[tuple[int, float | None]] = field(default_factory=list)

    def at(self, at: int, lookback: int) -> float | None:
        seen = [point for point in self.points if point[0] <= at]
        if not seen or seen[-1][0] <= at - lookback:
            return None
        return seen[-1][1]

    def window(self, start: int, end: int) -> list[tuple[int, float]]:
        return [(t, v) for t, v in self.points if start < t <= end and v is not None]


# One pass: which of four series have a value, in a layout that holds these names.
passes = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.lists(st.sampled_from("abcd"), unique=True, max_size=4),
        st.lists(st.sampled_from([None, 0.0, 1.0, 1.0, 2.5]), min_size=4, max_size=4),
    ),
    max_size=40,
)


@given(passes, st.integers(0, 900), st.integers(1, 300))
def test_reads_what_a_plain_list_would(
    written: list[tuple[int, list[str], list[float | None]]], at: int, span: int
) -> None:
    store = Store()
    plain = {name: Plain() for name in "abcd"}
    now = 0
    layouts: dict[tuple[str, ...], Layout] = {}
    for step, names, values in written:
        now += step
        layout = layouts.setdefault(tuple(names), layout_of(*names))
        store.append(Sample(SOURCE, now, layout, values[: len(names)]))
        present = dict(zip(names, values, strict=False))
        for name, series in plain.items():
            if series.points or present.get(name) is not None:
                series.points.append((now, present.get(name)))
    for name, series in plain.items():
        found = store.select(one(store, name))
        if not found:
            assert not any(value is not None for _, value in series.points)
            continue
        assert found[0].at(at, span) == series.at(at, span)
        times, values_read = found[0].window(at - span, at)
        assert list(zip(times, values_read, strict=True)) == series.window(at - span, at)


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from([None, 1.0, 2.0])), max_size=60))
def test_trimming_changes_nothing_within_the_retention(steps: list[tuple[int, float | None]]) -> None:
    short, unlimited = Store(retention_ms=200), Store(retention_ms=10**9)
    layout = layout_of("a")
    now = 0
    for step, value in steps:
        now += step
        for store in (short, unlimited):
            store.append(Sample(SOURCE, now, layout, [value]))
    expected = unlimited.select(one(unlimited, "a"))
    for series in short.select(one(short, "a")):
        assert [*map(list, series.window(now - 200, now))] == [*map(list, expected[0].window(now - 200, now))]
        assert series.at(now, 300) == expected[0].at(now, 300)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["first", "second"]),
            st.one_of(
                st.lists(st.sampled_from("abcd"), unique=True), st.sampled_from(["stale", "forget", "trim"])
            ),
        ),
        max_size=30,
    )
)
def test_series_are_counted_as_they_come_and_go(steps: list[tuple[str, list[str] | str]]) -> None:
    store = Store(retention_ms=50)
    layouts: dict[tuple[str, ...], Layout] = {}
    for at, (source, event) in enumerate(steps):
        now = 1 + at * 10
        if event == "stale":
            store.mark_stale(source, now)
        elif event == "forget":
            store.delete(source)
        elif event == "trim":
            list(store.trim(now))
        else:
            layout = layouts.setdefault(tuple(event), layout_of(*event))
            store.append(Sample(source, now, layout, [1.0] * len(layout)))
        assert store.series_count == sum(group.series_count for group in store.groups)


def test_what_was_never_written_again_leaves_with_its_history() -> None:
    store = Store(retention_ms=100)
    store.append(Sample(SOURCE, 1, layout_of("gone", "kept"), [1.0, 1.0]))
    kept = layout_of("kept")
    for now in range(2, 400, 10):
        store.append(Sample(SOURCE, now, kept, [1.0]))
    assert not store.select(one(store, "gone"))
    assert store.series_count == 1


def test_a_source_that_fell_silent_is_trimmed_and_forgotten() -> None:
    store = Store(retention_ms=100)
    store.append(Sample(SOURCE, 1, layout_of("a"), [1.0]))
    list(store.trim(1000))
    assert store.series_count == 0
    assert store.group(SOURCE) is None


def test_a_target_that_stops_answering_turns_stale_at_once() -> None:
    store = Store()
    store.append(Sample(SOURCE, 1000, layout_of("a"), [1.0]))
    store.mark_stale(SOURCE, 2000)
    (series,) = store.select(one(store, "a"))
    assert series.at(1999, 300_000) == 1.0
    assert series.at(2000, 300_000) is None


def test_lookback_is_left_open() -> None:
    store = Store()
    store.append(Sample(SOURCE, 1000, layout_of("a"), [1.0]))
    (series,) = store.select(one(store, "a"))
    assert series.at(1000 + 299_999, 300_000) == 1.0
    assert series.at(1000 + 300_000, 300_000) is None


def test_time_that_does_not_move_on_is_dropped_and_counted() -> None:
    store = Store()
    store.append(Sample(SOURCE, 1000, layout_of("a"), [1.0]))
    store.append(Sample(SOURCE, 1000, layout_of("a", "b", "c"), [2.0, None, 3.0]))
    assert store.out_of_order == 2
    (series,) = store.select(one(store, "a"))
    assert series.at(1000, 300_000) == 1.0


def test_one_series_from_two_sources_reads_as_one() -> None:
    store = Store()
    store.append(Sample("first", 1000, layout_of("a"), [1.0]))
    store.mark_stale("first", 2000)
    store.append(Sample("second", 3000, layout_of("a"), [3.0]))
    (series,) = store.select(one(store, "a"))
    assert series.at(3000, 5000) == 3.0
    assert series.window(0, 5000) == ([1000, 3000], [1.0, 3.0])


def test_the_stale_marker_is_not_just_any_nan() -> None:
    assert is_stale(STALE)
    assert not is_stale(float("nan"))
    store = Store()
    store.append(Sample(SOURCE, 1000, layout_of("a"), [float("nan")]))
    (series,) = store.select(one(store, "a"))
    value = series.at(1000, 300_000)
    assert value is not None
    assert value != value


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher("k", MatchOp.EQUAL, "a"), {"a"}),
        (Matcher("k", MatchOp.NOT_EQUAL, "a"), {"b", "c"}),
        (Matcher("k", MatchOp.REGEX, "a|b"), {"a", "b"}),
        (Matcher("k", MatchOp.NOT_REGEX, "[ab]"), {"c"}),
        (Matcher("missing", MatchOp.EQUAL, ""), {"a", "b", "c"}),
    ],
)
def test_selects_by_matchers(matcher: Matcher, expected: set[str]) -> None:
    store = Store()
    store.append(Sample(SOURCE, 1000, layout_of("a", "b", "c"), [1.0, 2.0, 3.0]))
    for name_matchers in ([Matcher(METRIC_NAME, MatchOp.EQUAL, "m")], []):
        found = store.select([*name_matchers, matcher])
        assert {series.labels.get("k") for series in found} == expected


def test_a_selection_sees_series_that_come_later() -> None:
    store = Store()
    matchers = [Matcher(METRIC_NAME, MatchOp.EQUAL, "m")]
    store.append(Sample(SOURCE, 1000, layout_of("a"), [1.0]))
    assert len(store.select(matchers)) == 1
    store.append(Sample(SOURCE, 2000, layout_of("a", "b"), [1.0, 1.0]))
    assert len(store.select(matchers)) == 2


def test_values_that_stand_still_cost_no_memory() -> None:
    store = Store(retention_ms=10**9)
    layout = layout_of(*(str(number) for number in range(300)))
    for now in range(1, 1441):
        store.append(Sample(SOURCE, now, layout, [1.0] * 300))
    samples = 300 * 1440
    assert store.bytes / samples < 0.6
