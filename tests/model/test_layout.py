"""What layouts have in common, held against their series one by one."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point

_FAMILY = Family("m", Kind.GAUGE, "A gauge.", ("a", "b"))
_labels = st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"), max_size=2).map(Labels)
_layouts = st.builds(
    lambda own, base: Layout([Point(_FAMILY, "", labels) for labels in own], base),
    st.lists(_labels, min_size=1, max_size=3, unique=True),
    _labels,
)


@given(_layouts, _layouts)
def test_layouts_that_are_apart_have_no_series_in_common(one: Layout, other: Layout) -> None:
    mine, theirs = ({layout.labels(at) for at in range(len(layout))} for layout in (one, other))
    if one.is_apart(other):
        assert mine.isdisjoint(theirs)
    assert one.is_apart(other) == other.is_apart(one)


def test_another_value_or_another_label_of_all_series_sets_them_apart() -> None:
    points = [Point(_FAMILY, "", Labels({"a": "x"}))]
    layout = Layout(points, Labels({"b": "x"}))
    assert layout.is_apart(Layout(points, Labels({"b": "y"})))
    assert layout.is_apart(Layout(points))
    assert not layout.is_apart(Layout(points, Labels({"b": "x"})))
    # What all have in common in the one, a series may have of its own in the other.
    assert not layout.is_apart(Layout([Point(_FAMILY, "", Labels({"a": "x", "b": "x"}))]))
