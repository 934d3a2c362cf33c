"""The text of `/metrics`: what comes out is what went in, in both formats, whatever the labels hold."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics import Exposition, Format, Histogram, SeriesTable
from exporter.metrics.text import format_value, format_values
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind
from exporter.store import Store

GAUGE = Family("vigil_gauge", Kind.GAUGE, 'A gauge with a\nline break, a \\ and a "quote".', ("key",))
COUNTER = Family("vigil_things_total", Kind.COUNTER, "Counted.")
ODD_COUNTER = Family("vigil_odd", Kind.COUNTER, "A counter that is not named like one.")
HISTOGRAM = Family("vigil_seconds", Kind.HISTOGRAM, "Spread.", ("op",))
BASE = Labels({"instance": "a:1", "env": "prod"})


def exposed(store: Store, form: Format = Format.TEXT, hidden: tuple[str, ...] = ()) -> Exposition:
    return Exposition(lambda: store.groups, form, hidden)


def text_of(page: Exposition) -> str:
    return b"".join(page.render()).decode()


# What a Redis key may hold once it has been decoded: anything.
hostile = st.text(max_size=30)
numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.dictionaries(hostile, numbers, max_size=5))
def test_hostile_labels_and_all_floats_survive(values: dict[str, float]) -> None:
    store, table = Store(), SeriesTable("here", BASE)
    for key, value in values.items():
        table.set(GAUGE, value, key)
    store.append(table.finish(1000))
    text = text_of(exposed(store))
    read = {
        sample.labels.get("key", ""): sample.value
        for family in parse_text(text)
        for sample in family.samples
        if sample.labels["instance"] == "a:1" and sample.labels["env"] == "prod"
    }
    assert read.keys() == values.keys()
    for key, value in values.items():
        assert read[key] == value or (math.isnan(read[key]) and math.isnan(value))


def filled() -> tuple[Store, SeriesTable]:
    store, table = Store(), SeriesTable("here", BASE)
    histogram = Histogram((0.1, 1))
    for seconds in (0.05, 0.5, 0.5, 7):
        histogram.observe(seconds)
    table.set(COUNTER, 3)
    table.set(ODD_COUNTER, 4)
    table.set_buckets(HISTOGRAM, histogram.buckets, histogram.sum, "get")
    store.append(table.finish(1000))
    return store, table


def test_the_text_format_has_every_line_in_its_family() -> None:
    store, _ = filled()
    assert text_of(exposed(store)) == (
        "# HELP vigil_odd A counter that is not named like one.\n"
        "# TYPE vigil_odd counter\n"
        'vigil_odd{env="prod",instance="a:1"} 4\n'
        "# HELP vigil_seconds Spread.\n"
        "# TYPE vigil_seconds histogram\n"
        'vigil_seconds_bucket{env="prod",instance="a:1",le="0.1",op="get"} 1\n'
        'vigil_seconds_bucket{env="prod",instance="a:1",le="1",op="get"} 3\n'
        'vigil_seconds_bucket{env="prod",instance="a:1",le="+Inf",op="get"} 4\n'
        'vigil_seconds_sum{env="prod",instance="a:1",op="get"} 8.05\n'
        'vigil_seconds_count{env="prod",instance="a:1",op="get"} 4\n'
        "# HELP vigil_things_total Counted.\n"
        "# TYPE vigil_things_total counter\n"
        'vigil_things_total{env="prod",instance="a:1"} 3\n'
    )


def test_openmetrics_is_strict_and_gets_what_it_wants() -> None:
    store, _ = filled()
    families = {
        family.name: family
        for family in parse_openmetrics(text_of(exposed(store, Format.OPENMETRICS)) + "# EOF\n")
    }
    assert families["vigil_things"].type == "counter"
    assert families["vigil_odd"].type == "unknown"
    buckets = [s.labels["le"] for s in families["vigil_seconds"].samples if s.name.endswith("_bucket")]
    assert buckets == ["0.1", "1.0", "+Inf"]


def test_labels_can_be_left_out_for_a_page_about_one_target() -> None:
    store, _ = filled()
    text = text_of(exposed(store, hidden=("instance", "env")))
    assert "vigil_things_total 3\n" in text
    assert 'vigil_seconds_count{op="get"} 4\n' in text


def test_a_family_of_several_targets_stands_together() -> None:
    store = Store()
    for instance in ("a:1", "b:2"):
        table = SeriesTable(instance, Labels({"instance": instance}))
        table.set(COUNTER, 1)
        table.set(GAUGE, 1, "k")
        store.append(table.finish(1000))
    lines = text_of(exposed(store)).splitlines()
    assert [line.split("{")[0] for line in lines if not line.startswith("#")] == [
        "vigil_gauge",
        "vigil_gauge",
        "vigil_things_total",
        "vigil_things_total",
    ]
    assert sum(line.startswith("# TYPE") for line in lines) == 2


def test_only_what_a_pass_has_set_is_shown() -> None:
    store, table = filled()
    table.set(COUNTER, 5)
    store.append(table.finish(2000))
    page = exposed(store)
    assert text_of(page).count("\n") == 3
    store.mark_stale("here", 3000)
    assert text_of(page) == ""


def test_a_page_follows_its_blocks() -> None:
    store, table = filled()
    page = exposed(store)
    text_of(page)
    for value in (7.0, 8.5):
        table.set(COUNTER, value)
        table.set(GAUGE, value, "new")
        store.append(table.finish(int(value * 1000)))
        assert f'vigil_things_total{{env="prod",instance="a:1"}} {format_value(value)}\n' in text_of(page)
    store.delete("here")
    assert text_of(page) == ""


# One pass of a source: which series it sets to what, or that the source cannot be read.
passes = st.lists(
    st.one_of(
        st.none(),
        st.dictionaries(
            st.sampled_from(["", "a", "b", "%s", "\x00", "\x00\x01", "c\x85d", "e\u2028f", '"\\\n']),
            st.sampled_from([0.0, 1.0, 0.5, -3.0, 1e15, 1e300, math.inf, -math.inf, math.nan]),
        ),
    ),
    max_size=12,
)


@given(passes, st.sets(st.integers(0, 11)), st.sampled_from(list(Format)))
def test_a_page_that_follows_says_what_a_new_one_says(
    steps: list[dict[str, float] | None], looked_at: set[int], form: Format
) -> None:
    """Whether somebody looks after each pass, or only now and then."""
    store, table = Store(), SeriesTable("here", BASE)
    page = exposed(store, form)
    for at, step in enumerate(steps):
        if step is None:
            store.mark_stale("here", at * 1000 + 500)
        else:
            for key, value in step.items():
                table.set(GAUGE, value, key)
                table.set(COUNTER, value)
            store.append(table.finish((at + 1) * 1000))
        if at in looked_at:
            assert text_of(page) == text_of(exposed(store, form))
    assert text_of(page) == text_of(exposed(store, form))


# What happens to one of several sources: a pass, which may bring new series; that it cannot be read; its end.
events = st.lists(
    st.tuples(
        st.sampled_from(["a:1", "b:2", "c:3"]),
        st.one_of(
            st.sampled_from(["stale", "forget"]),
            st.dictionaries(st.sampled_from(["", "a", "b", "c"]), st.integers(0, 3), max_size=4),
        ),
    ),
    max_size=25,
)


@given(events, st.sets(st.integers(0, 24)))
def test_blocks_that_come_grow_and_go_leave_nothing_behind(
    steps: list[tuple[str, str | dict[str, int]]], looked_at: set[int]
) -> None:
    store = Store()
    tables: dict[str, SeriesTable] = {}
    page = exposed(store)
    for at, (source, event) in enumerate(steps):
        if event == "stale":
            store.mark_stale(source, at * 1000)
        elif isinstance(event, str):
            store.delete(source)
            tables.pop(source, None)
        else:
            table = tables.setdefault(source, SeriesTable(source, Labels({"instance": source})))
            for key, value in event.items():
                table.set(GAUGE, value, key)
                table.set_buckets(HISTOGRAM, [(str(value), 1), ("+Inf", 2)], value, key)
            table.set(COUNTER, len(event))
            store.append(table.finish(at * 1000 + 500))
        if at in looked_at:
            page.render()
    lines = text_of(page).splitlines()
    assert sorted(lines) == sorted(text_of(exposed(store)).splitlines())
    families = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    names = [line.partition("{")[0] for line in lines if not line.startswith("#")]
    assert families == sorted(set(families))
    assert [family for family in families if any(name.startswith(family) for name in names)] == families


def test_a_histogram_that_gains_buckets_stays_in_one_piece() -> None:
    store, table = Store(), SeriesTable("here", BASE)
    page = exposed(store, Format.OPENMETRICS)
    for at, bounds in enumerate([("1",), ("1", "8"), ("0.5", "1", "8")], start=1):
        for name in ("get", "set"):
            table.set_buckets(HISTOGRAM, [*((bound, 1.0) for bound in bounds), ("+Inf", 2.0)], 3.0, name)
        store.append(table.finish(at * 1000))
        text = text_of(page)
    (family,) = parse_openmetrics(text + "# EOF\n")
    found = [sample.labels["le"] for sample in family.samples if sample.name.endswith("_bucket")]
    assert found == ["0.5", "1.0", "8.0", "+Inf"] * 2


@given(st.lists(st.none() | numbers | st.integers(-(2**53), 2**53)))
def test_many_values_are_written_like_each_of_them(values: list[float | None]) -> None:
    assert list(format_values(values)) == [None if value is None else format_value(value) for value in values]


@given(numbers)
def test_a_value_that_is_written_reads_as_it_was(value: float) -> None:
    read = float(format_value(value))
    assert read == value or (math.isnan(read) and math.isnan(value))
    assert not format_value(value).endswith(".0")
