"""A few values out of many rows, as the series themselves would tell them."""

import random

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store.columns import Columns
from exporter.store.store import Store

NAMES = ("lively", "idle", "now_and_then", "begins_late")
FAMILIES = [Family(name, Kind.GAUGE, "…") for name in NAMES]
LAYOUTS = {
    count: Layout([Point(family, "", Labels({})) for family in FAMILIES[:count]], Labels({"instance": "a"}))
    for count in (3, 4)
}
OTHER = Layout([Point(FAMILIES[index], "", Labels({})) for index in (3, 1, 0, 2)], Labels({"instance": "a"}))


def record(seed: int, rows: int = 120) -> Store:
    """A server whose layout grows, ends, and becomes another one."""
    choose = random.Random(seed)
    store = Store(retention_ms=10_000_000)
    values: dict[str, float | None] = dict.fromkeys(NAMES, 1.0)
    at_ms = 0
    for row in range(rows):
        at_ms += choose.choice((15_000, 15_000, 15_000, 70_000))
        values["lively"] = float(row) if choose.random() < 0.9 else None
        if choose.random() < 0.05:
            values["now_and_then"] = float(row)
        values["begins_late"] = float(row // 10) if row > 50 else None
        if row % 40 == 39:
            store.mark_stale("a", at_ms)
            continue
        layout = LAYOUTS[3] if row < 30 else LAYOUTS[4] if row < 80 else OTHER
        told = [values[point.family.name] for point in layout.points]
        store.append(Sample("a", at_ms, layout, told))
    return store


def test_values_are_those_that_the_series_tell() -> None:
    for seed in range(12):
        store = record(seed)
        group = store.group("a")
        assert group is not None
        moments = [group.times[0] - 5 + step * 31_000 for step in range(100)]
        columns = Columns(group, moments, 40_000)
        for name in NAMES:
            series = [found for found in store.find(()) if found.labels.name == name]
            for moment, value in zip(moments, columns.values(name), strict=True):
                expected: list[float | None] = [
                    at for one in series if (at := one.at(moment, 40_000)) is not None
                ]
                expected = expected or [None]
                assert [value] == expected, (seed, name, moment)


def test_peaks_are_the_highest_since_the_moment_before() -> None:
    for seed in range(12):
        store = record(seed)
        group = store.group("a")
        assert group is not None
        moments = [group.times[20] + step * 150_000 for step in range(12)]
        series = next(found for found in store.find(()) if found.labels.name == "lively")
        peaks = Columns(group, moments, 40_000).peaks("lively")
        for before, moment, peak in zip(moments, moments[1:], peaks[1:], strict=False):
            if peak is not None:
                assert peak == max(series.window(before, moment)[1])
    assert any(peak is not None for peak in peaks)


def test_what_is_not_there_has_no_values() -> None:
    store = record(1, rows=10)
    group = store.group("a")
    assert group is not None
    columns = Columns(group, [group.times[0] - 1, group.times[-1] + 100_000], 40_000)
    assert columns.values("lively") == columns.peaks("other") == [None, None]
    assert columns.times_ms == [None, None]
