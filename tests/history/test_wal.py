"""What was appended to a write-ahead log is what is read, up to where its file ends."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings

from exporter.errors import ForeignWalError, NewerWalError
from exporter.history.source_columns import SourceColumns
from exporter.history.wal_format import HEADER_BYTES
from exporter.history.wal_reader import WalReader
from exporter.history.wal_writer import WalWriter
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Absence, Family, Kind, Layout, Point, Sample, is_stale
from exporter.store import RowReader, Store
from tests.store.test_row_reader import Series, held, layout_of, passes

INSTANCE = Labels({"instance": "a:6379"})


def series_of(columns: SourceColumns) -> Series:
    """The points of all series that columns hold."""
    found: Series = {}
    for labels, column in columns.columns.items():
        ends = [*column.rows[1:], len(columns.times)]
        for row, end, value in zip(column.rows, ends, column.values, strict=True):
            if not is_stale(value):
                points = dict.fromkeys(columns.times[row:end], value)
                found.setdefault(labels, {}).update(points)
    return found


def bits_of(series: Series) -> dict[Labels, list[tuple[int, bytes]]]:
    """The points with the bits of their values, of which NaNs are made, too."""
    return {
        labels: [(at, struct.pack("=d", value)) for at, value in points.items()]
        for labels, points in series.items()
    }


def read_back(path: Path) -> dict[str, Series]:
    """The points of all sources of a file."""
    reader = WalReader(path)
    found = {}
    for source in reader.sources:
        whole, apart = SourceColumns(), SourceColumns()
        for one in reader.read(source):
            whole.add(one.series, one.rows)
        base = reader.base_of(source)
        for one in reader.read(source, base):
            apart.add(one.series, one.rows)
        found[source] = series_of(whole)
        joined = {labels.joined(base or Labels()): points for labels, points in series_of(apart).items()}
        assert bits_of(joined) == bits_of(found[source])
    reader.close()
    return found


def write(path: Path, *rows: tuple[int, float]) -> list[int]:
    """Write one row after the other; returns how large the file was before each, and after the last."""
    store, layout = Store(), layout_of("a", base=INSTANCE)
    reader, writer = RowReader(store), WalWriter(path)
    sizes = [writer.bytes]
    for at, value in rows:
        store.append(Sample("here", at, layout, [value]))
        writer.append(reader.read(100))
        reader.ack()
        sizes.append(writer.bytes)
    writer.close()
    return sizes


@given(passes)
@settings(deadline=None, max_examples=60)
def test_what_is_read_is_what_the_store_holds(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[int, str, list[float | None], Absence, str]],
) -> None:
    path = tmp_path_factory.mktemp("wal") / "00000001"
    store = Store(retention_ms=10**9)
    reader, writer = RowReader(store), WalWriter(path)
    layouts: dict[str, Layout] = {}
    now = 0
    for step, names, values, absence, event in written:
        now += step
        layout = layouts.setdefault(names, layout_of(*names, base=INSTANCE))
        store.append(Sample("here", now, layout, values[: len(names)], absence))
        if event in ("read", "trim"):
            writer.append(reader.read(2), reader.shift_ms)
            reader.ack()
        elif event == "stale":
            now += 1
            store.mark_stale("here", now)
        elif event == "shift":
            store.shift(-7)
            now -= 7
    while (found := reader.read(3)) or reader.shift_ms:
        writer.append(found, reader.shift_ms)
        reader.ack()
    writer.close()
    told = read_back(path).get("here", {})
    assert told == held(store, "here")


def test_a_label_of_its_own_wins_over_one_in_common(tmp_path: Path) -> None:
    family = Family("m_total", Kind.COUNTER, "A counter.", ("instance",))
    layout = Layout([Point(family, "", Labels({"instance": "own"}))], INSTANCE)
    store = Store()
    store.append(Sample("here", 1_000, layout, [1.0]))
    writer = WalWriter(tmp_path / "1")
    writer.append(RowReader(store).read(10))
    assert list(read_back(tmp_path / "1")["here"]) == [Labels({METRIC_NAME: "m_total", "instance": "own"})]


def test_special_values_stay_as_they_are(tmp_path: Path) -> None:
    store, layout = Store(), layout_of("a")
    values = [float("nan"), float("inf"), -0.0, 1e-310, float("nan")]
    for at, value in enumerate(values):
        store.append(Sample("here", at + 1, layout, [value]))
    writer = WalWriter(tmp_path / "1")
    writer.append(RowReader(store).read(10))
    [points] = read_back(tmp_path / "1")["here"].values()
    assert [struct.pack("d", value) for value in points.values()] == [struct.pack("d", v) for v in values]


def test_the_times_of_a_file_go_with_the_clock(tmp_path: Path) -> None:
    store, layout = Store(), layout_of("a")
    reader, writer = RowReader(store), WalWriter(tmp_path / "1")
    store.append(Sample("here", 10_000, layout, [1.0]))
    writer.append(reader.read(10))
    reader.ack()
    store.shift(-4_000)
    store.append(Sample("here", 7_000, layout, [2.0]))
    writer.append(reader.read(10), reader.shift_ms)
    [points] = read_back(tmp_path / "1")["here"].values()
    assert points == {6_000: 1.0, 7_000: 2.0}
    wal = WalReader(tmp_path / "1")
    assert (wal.start_ms, wal.end_ms) == (6_000, 7_000)
    wal.close()


def test_a_file_cut_off_anywhere_has_what_was_whole(tmp_path: Path) -> None:
    path = tmp_path / "1"
    sizes = write(path, (1_000, 1.0), (2_000, 2.0), (3_000, 3.0))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        wal = WalReader(path)
        assert not wal.is_damaged
        wal.close()
        points = next(iter(read_back(path).get("here", {}).values()), {})
        assert len(points) == max(0, sum(size >= one for one in sizes) - 1), size


@pytest.mark.parametrize("zeros", [1, 9, 5_000])
def test_zeros_at_the_end_are_a_power_cut_and_no_damage(tmp_path: Path, zeros: int) -> None:
    path = tmp_path / "1"
    write(path, (1_000, 1.0), (2_000, 2.0))
    path.write_bytes(path.read_bytes() + bytes(zeros))
    wal = WalReader(path)
    assert (wal.lost_bytes, wal.is_damaged) == (zeros, False)
    wal.close()


def test_every_flipped_byte_is_noticed_and_what_is_before_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "1"
    sizes = write(path, (1_000, 1.0), (2_000, 2.0), (3_000, 3.0))
    whole = path.read_bytes()
    for offset in range(HEADER_BYTES, sizes[-2]):
        damaged = bytearray(whole)
        damaged[offset] ^= 0xFF
        path.write_bytes(damaged)
        wal = WalReader(path)
        assert wal.lost_bytes > 0
        wal.close()
        points = next(iter(read_back(path).get("here", {}).values()), {})
        assert points == {at: at / 1_000 for at in (1_000, 2_000, 3_000) if sizes[at // 1_000] <= offset}


def test_foreign_and_later_files_are_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "00000007"
    path.write_bytes(b"SQLite format 3\0" * 4)
    with pytest.raises(ForeignWalError, match="00000007 is no write-ahead log of redis-vigil"):
        WalReader(path)
    path.unlink()
    write(path, (1_000, 1.0))
    data = bytearray(path.read_bytes())
    data[8] = 2
    path.write_bytes(data)
    with pytest.raises(NewerWalError, match="later redis-vigil \\(format 2, this one reads 1\\)"):
        WalReader(path)
    data[8], data[10] = 1, 1 - data[10]
    path.write_bytes(data)
    with pytest.raises(ForeignWalError, match="another order of bytes"):
        WalReader(path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, layout = Store(), layout_of("a")
    reader, writer = RowReader(store), WalWriter(tmp_path / "1")
    store.append(Sample("here", 1_000, layout, [1.0]))
    writer.append(reader.read(10))
    reader.ack()
    store.append(Sample("here", 2_000, layout, [2.0]))
    real = os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) <= 10:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space left"):
        writer.append(reader.read(10))
    writer.close()
    assert (tmp_path / "1").stat().st_size == writer.bytes
    [points] = read_back(tmp_path / "1")["here"].values()
    assert points == {1_000: 1.0}


def test_there_is_one_schema_for_all_servers_of_a_kind(tmp_path: Path) -> None:
    store = Store()
    layout = layout_of(*(f"series number {number}" for number in range(200)))
    for number in range(20):
        own = Layout(layout.schema, Labels({"instance": f"server-{number}"}))
        store.append(Sample(f"server-{number}", 1_000, own, [None] * 200))
    writer = WalWriter(tmp_path / "1")
    writer.append(RowReader(store).read(100))
    assert writer.bytes < 20 * (200 * 8 + 200) + 5_000
    assert len(read_back(tmp_path / "1")) == 20
