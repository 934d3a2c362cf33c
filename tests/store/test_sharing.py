"""What many sources have in common is held once; what is given up leaves the rest as it was."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics import SeriesTable
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import RequiredSelector, Store

GAUGE = Family("m", Kind.GAUGE, "A gauge.", ("k",))
NAMED = (Matcher(METRIC_NAME, MatchOp.EQUAL, "m"),)
REQUIRED = (*NAMED, Matcher("k", MatchOp.EQUAL, "a"))


def filled(instance: str, *names: str) -> Sample:
    table = SeriesTable(instance, Labels({"instance": instance, "env": "prod"}))
    for number, name in enumerate(names):
        table.set(GAUGE, number, name)
    return table.finish(1000)


def test_targets_with_the_same_series_share_a_schema() -> None:
    first, second, other = filled("a:1", "x", "y"), filled("b:2", "x", "y"), filled("c:3", "x", "z")
    assert first.layout.schema is second.layout.schema is not other.layout.schema
    assert first.layout.points[0] is other.layout.points[0]
    labels = {"__name__": "m", "instance": "b:2", "env": "prod", "k": "y"}
    assert second.layout.labels(1) == Labels(labels)
    assert second.layout.index_of(Labels(labels)) == 1
    assert first.layout.index_of(Labels(labels)) is None
    assert first.layout.index_of(Labels({"__name__": "m", "k": "y"})) is None


def test_a_series_that_stands_still_costs_little() -> None:
    names = [str(number) for number in range(500)]
    store = Store()
    store.append(filled("a:1", *names))
    before = store.bytes
    for number in range(100):
        store.append(filled(f"b:{number}", *names))
    assert (store.bytes - before) / 100 / len(names) < 60


def test_selects_by_labels_in_common_and_of_their_own() -> None:
    store = Store()
    for instance in ("a:1", "b:2"):
        store.append(filled(instance, "x", "y"))
    own, common = Matcher("k", MatchOp.EQUAL, "x"), Matcher("instance", MatchOp.EQUAL, "b:2")
    for matchers, count in (([own], 2), ([common], 2), ([own, common], 1), ([*NAMED, own, common], 1)):
        assert len(store.select(matchers)) == len(list(store.find(matchers))) == count
    assert store.series_by_name == {"m": 4}
    store.delete("a:1")
    assert len(store.select([own])) == 1


rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abc"), unique=True, min_size=1),
        st.lists(st.sampled_from([None, 1.0, 2.0, 3.0]), min_size=3, max_size=3),
    ),
    min_size=1,
    max_size=60,
)


@given(rows, st.lists(st.tuples(st.integers(0, 59), st.integers(0, 30)), max_size=4))
def test_what_is_given_up_leaves_the_rest_as_it_was(
    written: list[tuple[list[str], list[float | None]]], evictions: list[tuple[int, int]]
) -> None:
    short, whole = Store(), Store()
    short.set_required([RequiredSelector(REQUIRED, 400)])
    when = dict(evictions)
    now = 0
    for number, (names, values) in enumerate(written):
        now = number * 10
        layout = Layout([Point(GAUGE, "", Labels({"k": name})) for name in names])
        for store in (short, whole):
            store.append(Sample("here", now, layout, values[: len(names)]))
        group = short.group("here")
        assert group is not None
        if number in when:
            short.evict_group(group, now, when[number] * 10)
    kept_ms = min((kept_ms for _, kept_ms in evictions), default=60)
    for expected in whole.select(NAMED):
        reach = 400 if expected.labels.get("k") == "a" else kept_ms * 10
        since = now - reach
        kept = [series for series in short.select(NAMED) if series.labels == expected.labels]
        points = list(zip(*expected.window(since, now), strict=True))
        assert not points or list(zip(*kept[0].window(since, now), strict=True)) == points
