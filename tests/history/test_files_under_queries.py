"""Queries read real files, which come, are replaced and go while they run."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.source import HistorySource
from exporter.promql import Engine, parse
from exporter.store import Store
from tests.history.remembered_blocks import RememberedBlock, block_of
from tests.history.test_view import ROWS, SOURCES, STEP, Row, append, border, counted, value_of

QUERIES = ["m", "rate(c_total[2m])", "{n!=''} offset 30s", "avg_over_time(m[5m])", "timestamp(m)"]


@pytest.fixture
def blocks(tmp_path: Path) -> Blocks:
    found = Blocks(tmp_path)
    found.load()
    return found


def write(blocks: Blocks, block: RememberedBlock, sequence: int) -> Path:
    """Write a block into a file, and take it in."""
    path = blocks.path_of(block.start_ms, block.end_ms, sequence)
    writer = BlockWriter(path)
    for source in block.sources:
        columns = [Column(column.rows, column.values) for column in source.columns]
        writer.add(source.source, source.series, source.stamps, columns)
    writer.close()
    blocks.add(path)
    return path


@settings(max_examples=40, deadline=None)
@given(
    SOURCES,
    st.integers(0, ROWS),
    st.integers(1, ROWS),
    st.sampled_from(QUERIES),
    st.sampled_from([7_000, 90_000]),
)
def test_files_and_memory_are_one(
    sources: list[list[Row | None]], restart: int, length: int, query: str, step: int
) -> None:
    # Of a source that has not been read since the start nobody knows that it has ended.
    assume(all(len(rows) <= restart or rows[restart] is not None for rows in sources))
    whole, memory = Store(), Store()
    append(whole, sources, 0, ROWS)
    append(memory, sources, restart, ROWS)
    with tempfile.TemporaryDirectory() as name:
        found = Blocks(Path(name))
        for number, row in enumerate(range(-1, max(restart, ROWS // 2), length)):
            write(found, block_of(whole, border(row), border(row + length)), number)
        engines = Engine(memory, history=HistorySource(memory, found)), Engine(whole)
        first, second = (one.range(parse(query), 0, ROWS * STEP, step).value for one in engines)
    assert value_of(first) == value_of(second)
    assert not found.damaged


class Replacing:
    """A pace at which, whenever it may, what a query reads is replaced by one block, and deleted."""

    is_due = True

    def __init__(self, blocks: Blocks, whole: Store) -> None:
        self.blocks = blocks
        self.whole = whole
        self.done = 0

    def yield_control(self) -> None:
        self.done += 1
        if self.done == 5:
            write(self.blocks, block_of(self.whole, 0, 200 * STEP), 1_000)
        if self.done == 10:
            # As retention does: the files go, whoever reads them has them open.
            self.blocks.drop_much(0)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_goes_on_when_its_files_are_replaced(blocks: Blocks, query: str) -> None:
    whole = counted(300, Store())
    store = counted(300, Store(), first=200)
    for number in range(10):
        write(blocks, block_of(whole, number * 20 * STEP, (number + 1) * 20 * STEP), number)
    engine = Engine(store, history=HistorySource(store, blocks))
    pace = Replacing(blocks, whole)
    found = engine.range(parse(query), 0, 299 * STEP, 20_000, pace=pace).value
    assert pace.done > 10
    assert blocks.count == 0
    assert value_of(found) == value_of(Engine(whole).range(parse(query), 0, 299 * STEP, 20_000).value)


@pytest.mark.parametrize("seed", range(20))
def test_a_file_that_is_overwritten_costs_that_file_and_tells_nothing_false(
    blocks: Blocks, seed: int
) -> None:
    """Any part of it, under the running daemon."""
    chance = random.Random(seed)
    whole, store = counted(100, Store()), counted(100, Store(), first=80)
    paths = [write(blocks, block_of(whole, row * STEP, (row + 20) * STEP), row) for row in range(0, 80, 20)]
    place = chance.randrange(paths[1].stat().st_size)
    with paths[1].open("r+b") as file:
        file.seek(place)
        file.write(
            chance.randbytes(chance.choice([1, 16, 100_000])) if seed else b"\xff" * paths[1].stat().st_size
        )
    engine = Engine(store, history=HistorySource(store, blocks))
    found = dict(value_of(engine.range(parse("m{n='a'}"), 0, 99 * STEP, STEP).value)[0][1])  # type: ignore[index]
    wanted = dict(value_of(Engine(whole).range(parse("m{n='a'}"), 0, 99 * STEP, STEP).value)[0][1])  # type: ignore[index]
    assert blocks.damaged in (0, 1)
    for row in [*range(20), *range(80, 100)]:
        assert found[row * STEP] == wanted[row * STEP]
    if blocks.damaged == 0:
        assert found == wanted
    # What was before it is seen for five minutes more, as where nothing was written.
    missing = dict.fromkeys(range(20 * STEP, 40 * STEP, STEP), wanted[19 * STEP])
    assert all(found.get(at_ms, value) in (value, wanted[at_ms]) for at_ms, value in missing.items())
