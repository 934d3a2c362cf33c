"""Series tables: stable layouts, caps, and the departure of what nobody sets any more."""

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Sample

GAUGE = Family("vigil_gauge", Kind.GAUGE, "A gauge.", ("key",))


def readings(sample: Sample) -> dict[str, float]:
    pairs = zip(sample.layout.points, sample.values, strict=True)
    return {point.labels.get("key"): value for point, value in pairs if value is not None}


def test_the_layout_stays_while_nothing_appears() -> None:
    table = SeriesTable("here", Labels())
    layouts = []
    for keys in ("ab", "ab", "a", "abc"):
        for key in keys:
            table.set(GAUGE, 1, key)
        sample = table.finish(1)
        assert readings(sample) == dict.fromkeys(keys, 1)
        layouts.append(sample.layout)
    assert layouts[0] is layouts[1] is layouts[2]
    assert layouts[3] is not layouts[0]


def test_what_has_no_value_for_long_leaves() -> None:
    table = SeriesTable("here", Labels())
    for number in range(20):
        table.set(GAUGE, 1, f"gone {number}")
    table.finish(0)
    generation = table.generation
    for now in range(1, 1000):
        table.set(GAUGE, now, "kept")
        sample = table.finish(now)
    assert len(sample.layout) == 1
    assert readings(sample) == {"kept": 999}
    assert table.generation > generation


def test_a_full_table_drops_and_counts() -> None:
    table = SeriesTable("here", Labels(), max_series=2)
    for key in "abcd":
        table.set(GAUGE, 1, key)
    assert readings(table.finish(1)) == {"a": 1, "b": 1}
    assert table.dropped == 2


def test_a_failed_pass_leaves_nothing() -> None:
    table = SeriesTable("here", Labels())
    table.set(GAUGE, 1, "a")
    table.discard()
    table.set(GAUGE, 2, "b")
    assert readings(table.finish(1)) == {"b": 2}


def test_the_own_label_wins_over_the_targets() -> None:
    table = SeriesTable("here", Labels({"key": "target's", "env": "prod"}))
    table.set(GAUGE, 1, "own")
    layout = table.finish(1).layout
    labels = Labels({"__name__": "vigil_gauge", "key": "own", "env": "prod"})
    assert [layout.labels(position) for position in range(len(layout))] == [labels]
    assert layout.index_of(labels) == 0


def test_label_values_over_the_cap_become_other() -> None:
    cap = LabelCap(2)
    assert [cap.fold(value) for value in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]
    assert cap.folded == 2
    cap.release("a")
    assert cap.fold("e") == "e"


def test_the_last_sample_once_more() -> None:
    table = SeriesTable("here", Labels())
    table.set(GAUGE, 1, "a")
    table.finish(1)
    again = table.resend_last(2)
    assert again is not None
    assert (again.timestamp, readings(again)) == (2, {"a": 1})
    # A pass has begun: it has to say what there is.
    table.set(GAUGE, 2, "b")
    assert table.resend_last(3) is None
    assert readings(table.finish(4)) == {"b": 2}
