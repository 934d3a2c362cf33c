"""All samples of a series are read, and the marker that ends it."""

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample, is_stale
from exporter.remote.read.series_reader import SeriesReader
from exporter.store import Store

KEYS = Family("redis_db_keys", Kind.GAUGE, "Keys.", ("db",))
STEP = 15_000
LAYOUT = Layout([Point(KEYS, "", Labels({"db": db})) for db in "01"], Labels({"instance": "a:1"}))
Found = Sequence[tuple[int, float | None]]


def store_of(values: Iterable[float | None], source: str = "a", start: int = STEP) -> Store:
    """One sample a step of the first series; the second one stands still."""
    return write(Store(retention_ms=1 << 50), values, source, start)


def write(store: Store, values: Iterable[float | None], source: str, start: int) -> Store:
    for number, value in enumerate(values):
        store.append(Sample(source, start + number * STEP, LAYOUT, [value, 7.0]))
    return store


def read(store: Store, start_ms: int = 0, end_ms: int = 1 << 50, db: str = "0") -> Found:
    """The samples of one series; None stands for the marker."""
    (series,) = store.select([Matcher("db", MatchOp.EQUAL, db)])
    return samples_of(SeriesReader(start_ms, end_ms), series)


def samples_of(reader: SeriesReader, series: object) -> Found:
    found = []
    for piece in reader.read(series):  # type: ignore[arg-type]
        counts = [times.count for times, _ in piece.chunks()]
        assert sum(counts) == len(piece.times)
        found += [
            (at, None if is_stale(value) else value)
            for at, value in zip(piece.times, piece.values, strict=True)
        ]
    return found


def test_every_row_has_its_value() -> None:
    assert read(store_of([1.0, 1.0, 2.0])) == [(STEP, 1.0), (2 * STEP, 1.0), (3 * STEP, 2.0)]


def test_both_ends_are_included() -> None:
    store = store_of([1.0, 2.0, 3.0, 4.0])
    assert read(store, 2 * STEP, 3 * STEP) == [(2 * STEP, 2.0), (3 * STEP, 3.0)]
    assert read(store, 2 * STEP + 1, 3 * STEP - 1) == []


def test_one_marker_ends_a_series() -> None:
    assert read(store_of([None, None, 1.0, None, None, 2.0, None])) == [
        (3 * STEP, 1.0),
        (4 * STEP, None),
        (6 * STEP, 2.0),
        (7 * STEP, None),
    ]


def test_a_nan_ends_nothing() -> None:
    at, value = read(store_of([1.0, float("nan"), 2.0]))[1]
    assert (at, value == value) == (2 * STEP, False)
    assert value is not None


@given(
    st.lists(st.sampled_from([None, 1.0, 1.0, 2.0]), min_size=1, max_size=60),
    st.integers(1, 400),
)
def test_long_and_broken_series_are_read_piece_by_piece(pattern: list[float | None], times: int) -> None:
    values = pattern * times
    expected: list[tuple[int, float | None]] = []
    for number, value in enumerate(values):
        if value is not None or (expected and expected[-1][1] is not None):
            expected.append((STEP + number * STEP, value))
    store = store_of(values)
    reader = SeriesReader(0, 1 << 50)
    by_labels = {series.labels.get("db"): series for series in store.select([])}
    # The second series shares the timestamps that were encoded for the first.
    assert samples_of(reader, by_labels["1"]) == [(STEP + at * STEP, 7.0) for at in range(len(values))]
    if "0" in by_labels:
        assert samples_of(reader, by_labels["0"]) == expected


def test_a_series_of_two_sources_goes_on_where_one_of_them_has_ended() -> None:
    store = store_of([1.0, 2.0, None])
    write(store, [3.0, 4.0, None], "b", start=2 * STEP + 5)
    assert read(store) == [
        (STEP, 1.0),
        (2 * STEP, 2.0),
        (2 * STEP + 5, 3.0),
        (3 * STEP + 5, 4.0),
        (4 * STEP + 5, None),
    ]


def test_rows_that_are_dropped_meanwhile_are_left_out() -> None:
    store = Store(retention_ms=2 * STEP)
    write(store, [1.0, 2.0], "a", start=STEP)
    reader = SeriesReader(0, 1 << 50)
    (series,) = store.select([Matcher("db", MatchOp.EQUAL, "0")])
    assert len(samples_of(reader, series)) == 2
    write(store, [3.0] * 9, "a", start=3 * STEP)
    assert samples_of(reader, series) == []
