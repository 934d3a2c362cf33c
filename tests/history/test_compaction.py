"""Blocks of a day become one: what queries read stays the same, whatever happens meanwhile."""

import struct
import tempfile
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.history.block_writer import BlockWriter
from exporter.history.blocks import Blocks
from exporter.history.column import Column
from exporter.history.compaction import DAY_MS, compact
from exporter.history.sealing import StoppedError
from exporter.history.source import HistorySource
from exporter.model.labels import METRIC_NAME, Labels
from exporter.promql import Engine, parse
from exporter.remote.write.history_rows import Gaps, HistoryRows
from exporter.store import Store
from tests.history.remembered_blocks import block_of
from tests.history.test_files_under_queries import write
from tests.history.test_view import ROWS, SOURCES, STEP, Row, append, border, counted, value_of

NEVER = 400 * DAY_MS
LATER = 3 * DAY_MS
MINUTE = 60_000


def opened(directory: Path) -> Blocks:
    found = Blocks(directory)
    found.load()
    return found


def of_a_day(directory: Path, rows: int = 100, each: int = 10, first_ms: int = 0) -> Blocks:
    """Blocks of a source whose values are their rows' numbers."""
    store, found = counted(rows, Store()), opened(directory)
    if first_ms:
        store.shift(first_ms)
    for number, row in enumerate(range(0, rows, each), 1):
        write(found, block_of(store, first_ms + row * STEP, first_ms + (row + each) * STEP), number)
    return found


def asked(blocks: Blocks, query: str, start: int = 0, end: int = ROWS * STEP, step: int = STEP) -> object:
    value = (
        Engine(Store(), history=HistorySource(Store(), blocks)).range(parse(query), start, end, step).value
    )
    return value_of(value)


@settings(max_examples=40, deadline=None)
@given(
    SOURCES, st.integers(1, ROWS), st.sampled_from(["{n!=''}", "rate(c_total[2m])", "count_over_time(m[5m])"])
)
def test_queries_see_the_same_before_and_after(
    sources: list[list[Row | None]], length: int, query: str
) -> None:
    whole = Store()
    append(whole, sources, 0, ROWS)
    with tempfile.TemporaryDirectory() as name:
        blocks = opened(Path(name))
        for number, row in enumerate(range(0, ROWS, length)):
            write(blocks, block_of(whole, border(row - 1), border(row + length - 1)), number)
        before = asked(blocks, query)
        compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
        assert asked(blocks, query) == before
        assert asked(opened(Path(name)), query) == before


def test_the_blocks_of_a_day_become_one_when_it_is_over(tmp_path: Path) -> None:
    blocks = of_a_day(tmp_path)
    assert compact(blocks, now_ms=DAY_MS + 60_000, downsample_after_ms=NEVER) == 0
    assert blocks.count == 10
    assert compact(blocks, now_ms=DAY_MS + 2 * 3_600_000, downsample_after_ms=NEVER) == 1
    (block,) = blocks.all
    assert (block.sequence, block.resolution_ms, block.end_ms) == (10, 0, 99 * STEP)
    assert [path.name for path in tmp_path.iterdir()] == [block.path.name]
    assert compact(blocks, now_ms=LATER, downsample_after_ms=NEVER) == 0


def test_days_stay_apart(tmp_path: Path) -> None:
    of_a_day(tmp_path)
    blocks = of_a_day(tmp_path, first_ms=DAY_MS)
    assert compact(blocks, now_ms=LATER, downsample_after_ms=NEVER) == 2
    assert [block.start_ms for block in blocks.all] == [0, DAY_MS]


def test_an_old_day_is_downsampled_once(tmp_path: Path) -> None:
    blocks = of_a_day(tmp_path)
    assert compact(blocks, now_ms=DAY_MS + 2 * 3_600_000, downsample_after_ms=DAY_MS) == 1
    assert compact(blocks, now_ms=2 * DAY_MS, downsample_after_ms=DAY_MS) == 1
    (block,) = blocks.all
    assert block.resolution_ms == 60_000
    source = block.source("here")
    assert source is not None
    assert list(source.times())[:3] == [0, 45_000, 105_000]
    assert compact(blocks, now_ms=LATER, downsample_after_ms=DAY_MS) == 0
    assert opened(tmp_path).all[0].resolution_ms == 60_000


def test_what_is_damaged_is_set_aside_and_the_rest_of_the_day_is_joined(tmp_path: Path) -> None:
    blocks = of_a_day(tmp_path)
    torn = blocks.all[3].path
    data = bytearray(torn.read_bytes())
    data[80] ^= 0xFF
    torn.write_bytes(data)
    for _ in range(2):
        compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
    assert (blocks.count, blocks.damaged) == (1, 1)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".block", ".damaged"]
    source = blocks.all[0].source("here")
    assert source is not None
    assert len(source.times()) == 90


def test_a_daemon_that_ends_meanwhile_leaves_the_old_blocks(tmp_path: Path) -> None:
    blocks = of_a_day(tmp_path)
    before = asked(blocks, "m")
    with pytest.raises(StoppedError):
        compact(blocks, now_ms=LATER, downsample_after_ms=NEVER, has_stopped=lambda: True)
    assert asked(opened(tmp_path), "m") == before
    assert blocks.count == 10
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("left", range(11))
def test_a_crash_while_old_blocks_are_removed_leaves_one_of_both(
    tmp_path: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = of_a_day(tmp_path)
    before = asked(blocks, "m")
    removed = 0
    unlink = Path.unlink

    def crash(path: Path, missing_ok: bool = False) -> None:
        nonlocal removed
        if removed == left:
            raise OSError("the machine has lost its power")
        removed += 1
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", crash)
        if left < 10:
            with pytest.raises(OSError, match="power"):
                compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
        else:
            compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
    again = opened(tmp_path)
    assert asked(again, "m") == before
    assert again.count == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_blocks_between_which_another_one_counts_are_left_alone(tmp_path: Path) -> None:
    """The clock was set back over midnight: of the same time a block of the day before counts more."""
    blocks = of_a_day(tmp_path, first_ms=DAY_MS)
    store = counted(5, Store())
    store.shift(DAY_MS - 2 * STEP)
    write(blocks, block_of(store, DAY_MS - 2 * STEP, DAY_MS + 3 * STEP), 5)
    before = asked(blocks, "m", DAY_MS - 10 * STEP, DAY_MS + 50 * STEP)
    assert compact(blocks, now_ms=LATER, downsample_after_ms=NEVER) == 0
    assert asked(blocks, "m", DAY_MS - 10 * STEP, DAY_MS + 50 * STEP) == before


def test_an_error_of_the_disk_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = of_a_day(tmp_path)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exporter.history.block_writer.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
    assert blocks.count == 10
    assert len(list(tmp_path.iterdir())) == 10


def test_without_the_room_for_another_block_none_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = of_a_day(tmp_path)
    before = asked(blocks, "m")
    with monkeypatch.context() as full:
        full.setattr(Blocks, "free_bytes", blocks.bytes - 1)
        with pytest.raises(OSError, match="No space"):
            compact(blocks, now_ms=LATER, downsample_after_ms=NEVER)
    assert (blocks.count, asked(blocks, "m")) == (10, before)
    assert compact(blocks, now_ms=LATER, downsample_after_ms=NEVER) == 1


def test_what_comes_late_to_a_day_with_spikes_is_read_beside_them(tmp_path: Path) -> None:
    blocks, name = opened(tmp_path), Labels({METRIC_NAME: "gauge"})
    for number, first in enumerate((0, 42), 1):
        rows = range(first, first + 40)
        values = array("d", [900.0 if row % 7 == 0 else float(row) for row in rows])
        path = blocks.path_of(rows[0] * STEP, rows[-1] * STEP, number)
        writer = BlockWriter(path)
        times = array("q", [row * STEP for row in rows])
        writer.add("here", [name], times, [Column(array("I", range(40)), values)])
        writer.close()
        blocks.add(path)
        compact(blocks, now_ms=LATER, downsample_after_ms=0)
    (block,) = blocks.all
    sources = [source.source for source in block.sources]
    assert len(sources) == len(set(sources))
    moments = range(5 * MINUTE, 82 * STEP, STEP)
    seen = asked(blocks, "max_over_time(gauge[5m])", moments[0], moments[-1])
    assert seen == [(Labels().pairs, [(at, struct.pack("<d", 900.0)) for at in moments])]


def test_spikes_of_old_days_are_sent_to_receivers_that_lack_their_source(tmp_path: Path) -> None:
    blocks = opened(tmp_path)
    path = blocks.path_of(0, 39 * STEP, 1)
    writer = BlockWriter(path)
    series = [Labels({METRIC_NAME: name}) for name in ("gauge", "calls_total")]
    spikes = array("d", [900.0 if row % 7 == 0 else 1.0 for row in range(40)])
    every = array("I", range(40))
    columns = [Column(every, spikes), Column(every, array("d", map(float, range(40))))]
    writer.add("here", series, array("q", range(0, 40 * STEP, STEP)), columns)
    writer.close()
    blocks.add(path)
    compact(blocks, now_ms=LATER, downsample_after_ms=0)
    rows = HistoryRows(blocks, lambda _: None).read(Gaps({"here": (0, LATER)}), lambda name: name == "here")
    assert {str(one.layout.labels(0)) for one in rows} == {"gauge", "calls_total"}
