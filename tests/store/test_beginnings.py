"""Counts that begin with their first event: what they stood at before is in the store, one sample earlier."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics import SeriesTable
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind
from exporter.model.series import ReadableSeries
from exporter.store import Store

ERRORS = Family("errors_total", Kind.COUNTER, "Errors.", ("err",))
OTHER = Family("things_total", Kind.COUNTER, "Other things.", ("kind",))
STEP = 15_000
BEGAN = 1_000_000


class Source:
    """One source that writes every fifteen seconds."""

    def __init__(self) -> None:
        self.store = Store()
        self.table = SeriesTable("here", Labels({"instance": "a:1"}))
        self.now = BEGAN

    def write(self, errors: Mapping[str, float], *, told: bool = True) -> None:
        """A good pass; `told`: it tells every error that there was."""
        self.now += STEP
        self.table.set(OTHER, float(self.now), "moving")
        self.table.set(OTHER, 7.0, "still")
        for code, count in errors.items():
            self.table.set(ERRORS, count, code)
        if told:
            self.table.tell_all(ERRORS)
        self.finish()

    def finish(self) -> None:
        self.store.append(self.table.finish(self.now))

    def fail(self) -> None:
        """A pass that brings nothing."""
        self.now += STEP
        self.table.discard()
        self.table.lose_track()
        self.store.mark_stale("here", self.now)

    def samples(self, code: str) -> list[tuple[int, float]]:
        """All samples of an error: in which pass, and the value."""
        found = self.series(code)
        if found is None:
            return []
        times, values = found.window(0, self.now)
        return [((at - BEGAN) // STEP, value) for at, value in zip(times, values, strict=True)]

    def series(self, code: str, name: str = "errors_total", label: str = "err") -> ReadableSeries | None:
        matchers = Matcher(METRIC_NAME, MatchOp.EQUAL, name), Matcher(label, MatchOp.EQUAL, code)
        found = self.store.select(matchers)
        return found[0] if found else None


def test_the_first_event_is_an_increase() -> None:
    source = Source()
    source.write({})
    source.write({})
    source.write({"OOM": 501.0})
    source.write({"OOM": 501.0})
    assert source.samples("OOM") == [(2, 0.0), (3, 501.0), (4, 501.0)]


def test_the_others_have_no_sample_more() -> None:
    source = Source()
    source.write({})
    source.write({"OOM": 1.0})
    moving = source.series("moving", "things_total", "kind")
    assert moving is not None
    assert list(moving.window(0, source.now)[0]) == [BEGAN + STEP, BEGAN + 2 * STEP]


def test_what_was_there_in_the_first_sample_is_no_event() -> None:
    source = Source()
    source.write({"OOM": 501.0})
    source.write({"OOM": 501.0})
    assert source.samples("OOM") == [(1, 501.0), (2, 501.0)]


def test_what_a_failed_pass_has_missed_is_not_known() -> None:
    source = Source()
    source.write({})
    source.fail()
    source.write({"OOM": 501.0})
    source.write({"OOM": 501.0, "BUSY": 1.0})
    assert source.samples("OOM") == [(3, 501.0), (4, 501.0)]
    assert source.samples("BUSY") == [(3, 0.0), (4, 1.0)]


def test_what_a_refused_command_has_kept_back_is_not_known() -> None:
    source = Source()
    source.write({})
    source.write({}, told=False)
    source.write({"OOM": 501.0})
    assert source.samples("OOM") == [(3, 501.0)]


def test_what_had_no_room_in_the_table_is_not_known() -> None:
    source = Source()
    source.table = SeriesTable("here", Labels(), max_series=3)
    source.write({"A": 1.0, "B": 1.0})
    source.table._max_series = 4
    source.write({"A": 1.0, "B": 501.0})
    assert source.samples("B") == [(2, 501.0)]


def test_a_count_that_was_reset_begins_again_under_the_eyes_of_its_reader() -> None:
    source = Source()
    source.write({"OOM": 5.0})
    assert source.samples("OOM") == [(1, 5.0)]
    source.write({})
    source.write({})
    held = source.series("OOM")
    assert held is not None
    assert held.at(source.now, 1) is None
    source.write({"OOM": 3.0})
    assert source.samples("OOM") == [(1, 5.0), (3, 0.0), (4, 3.0)]


def test_a_counter_of_our_own_is_known_through_failures() -> None:
    source = Source()
    source.write({})
    source.fail()
    source.now += 20 * STEP
    source.table.set(ERRORS, 2.0, "slow")
    source.table.stood_at(source.table.index(ERRORS, "slow"), 0.0, is_own=True)
    source.finish()
    # Not at the moment of the failure, which may be out of every rule's sight.
    assert source.samples("slow") == [(21, 0.0), (22, 2.0)]


def test_a_series_begins_in_the_pass_after_others_have_left_the_table() -> None:
    source = Source()
    source.write({f"E{number}": 1.0 for number in range(50)})
    # Twice the passes between two cleanings: what had no value since the first is dropped by the second.
    while source.table.generation == 0:
        source.write({})
    last = (source.now - BEGAN) // STEP
    source.write({"OOM": 1.0})
    group = source.store.group("here")
    assert group is not None
    assert len(group.segments) == 2
    assert source.samples("OOM") == [(last, 0.0), (last + 1, 1.0)]
    assert source.samples("E1") == [(1, 1.0)]
    still = source.series("still", "things_total", "kind")
    assert still is not None
    assert len(still.window(0, source.now)[0]) == last + 1


passes = st.lists(
    st.one_of(
        st.none(),
        st.tuples(
            st.dictionaries(st.sampled_from("abc"), st.sampled_from([0.0, 1.0, 2.0])),
            st.booleans(),
            st.booleans(),
        ),
    ),
    max_size=30,
)


@given(passes)
def test_reads_what_a_plain_list_would(written: list[tuple[dict[str, float], bool, bool] | None]) -> None:
    """`None` is a failed pass; the flags: whether the pass told all, and whether somebody reads meanwhile."""
    source = Source()
    plain: dict[str, dict[int, float]] = {code: {} for code in "abc"}
    told_before = False
    for number, step in enumerate(written, 1):
        if step is None:
            source.fail()
            told_before = False
            continue
        values, told, reads = step
        source.write(values, told=told)
        for code, value in values.items():
            if told_before:
                plain[code].setdefault(number - 1, 0.0)
            plain[code][number] = value
        told_before = told
        if reads:
            for code in "abc":
                source.samples(code)
    for code in "abc":
        assert source.samples(code) == sorted(plain[code].items())


@pytest.mark.parametrize("earlier", [0, 1, 5])
def test_the_page_learns_what_has_begun(earlier: int) -> None:
    source = Source()
    for _ in range(earlier):
        source.write({})
    group = source.store.group("here")
    source.write({"OOM": 1.0})
    group = source.store.group("here")
    assert group is not None
    begun = {group.layout.points[at].written["err"]: begun for at, begun in group.beginnings.items()}
    if earlier:
        assert (begun["OOM"].at_ms, begun["OOM"].value) == (source.now - STEP, 0.0)
        assert begun["OOM"].version == group.version
    else:
        assert begun == {}
