"""Blocks on disk: what is written is what is read, and what is damaged costs itself."""

import os
import stat
from array import array
from collections.abc import Iterable
from pathlib import Path

import pytest

from exporter.errors import DamagedBlockError, NewerBlockError
from exporter.history import block as block_module
from exporter.history.block import Block
from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.schema import Schema
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import STALE

STEP = 15_000


def labels(name: str, **others: str) -> Labels:
    return Labels({"__name__": name, "instance": "cache-1", "job": "redis", **others})


SERIES = [
    labels("up"),
    labels("calls_total", cmd="get"),
    labels("calls_total", cmd="set"),
    labels("memory_bytes"),
]


def write(path: Path, *, rows: int = 100, start: int = 0, sources: int = 1, **options: object) -> Path:
    """A block with the same four series of each source, one of which begins in row 10."""
    writer = BlockWriter(path, **options)  # type: ignore[arg-type]
    for number in range(sources):
        series = [one.with_({"instance": f"cache-{number + 1}"}) for one in SERIES]
        writer.add(
            f"cache-{number + 1}", series, array("q", range(start, start + rows * STEP, STEP)), columns(rows)
        )
    writer.close()
    return path


def columns(rows: int) -> list[Column]:
    every = array("I", range(rows))
    return [
        Column(array("I", [0]), array("d", [1.0])),
        Column(every, array("d", [row * 7.0 for row in range(rows)])),
        Column(array("I", [0, 10]), array("d", [STALE, 5.0])),
        Column(every, array("d", [1e6 + row % 3 / 8 for row in range(rows)])),
    ]


def everything(block: Block) -> list[tuple[str, bytes, Labels, bytes, bytes]]:
    found = []
    for one in block.sources:
        for at, series in enumerate(one.series):
            column = one.column(at)
            found.append(
                (one.source, one.times().tobytes(), series, column.rows.tobytes(), column.values.tobytes())
            )
    return found


def is_damaged(path: Path) -> bool:
    try:
        everything(Block.open(path))
    except DamagedBlockError:
        return True
    return False


def test_what_is_written_is_read(tmp_path: Path) -> None:
    block = Block.open(write(tmp_path / "history-0-1-00000007.block", sources=3))
    assert (block.sequence, block.start_ms, block.end_ms, block.resolution_ms) == (7, 0, 99 * STEP, 0)
    assert [one.source for one in block.sources] == ["cache-1", "cache-2", "cache-3"]
    second = block.source("cache-2")
    assert second is not None
    assert list(second.series) == [one.with_({"instance": "cache-2"}) for one in SERIES]
    assert second.times() == array("q", range(0, 100 * STEP, STEP))
    for index, column in enumerate(columns(100)):
        assert second.column(index).rows.tobytes() == column.rows.tobytes()
        assert second.column(index).values.tobytes() == column.values.tobytes()
    assert block.source("cache-9") is None
    assert stat.S_IMODE((tmp_path / "history-0-1-00000007.block").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ([("__name__", "=", "calls_total")], [1, 2]),
        ([("__name__", "=", "calls_total"), ("cmd", "=", "set")], [2]),
        ([("cmd", "=", ""), ("job", "=~", "r.*")], [0, 3]),
        ([("job", "!=", "redis")], []),
        ([("__name__", "=~", "up|memory.*"), ("instance", "=", "cache-1")], [0, 3]),
        ([("none", "!=", ""), ("__name__", "!=", "")], []),
    ],
)
def test_series_are_selected_by_labels_of_their_own_and_common_ones(
    tmp_path: Path, matchers: list[tuple[str, str, str]], found: list[int]
) -> None:
    block = Block.open(write(tmp_path / "history-0-1-00000001.block"))
    wanted = [Matcher(name, MatchOp(op), value) for name, op, value in matchers]
    assert [index for _, index in block.select(wanted)] == found
    assert [index for _, index in block.select(wanted)] == found


def test_many_columns_are_read_page_by_page(tmp_path: Path) -> None:
    series = [labels("one", number=str(number)) for number in range(300)]
    path = tmp_path / "history-0-1-00000001.block"
    writer = BlockWriter(path)
    values = [Column(array("I", [0]), array("d", [float(number)])) for number in range(300)]
    writer.add("cache-1", series, array("q", [5]), values)
    writer.close()
    block = Block.open(path)
    (source,) = block.sources
    before = block._cache.pages.bytes
    assert source.column(299).values[0] == 299.0
    assert 0 < block._cache.pages.bytes - before < 300 * 250
    assert [source.column(number).values[0] for number in range(300)] == list(map(float, range(300)))


def test_rows_without_series_tell_that_these_have_ended(tmp_path: Path) -> None:
    path = tmp_path / "history-0-1-00000001.block"
    writer = BlockWriter(path)
    writer.add("cache-1", [], array("q", [5, 9]), [])
    writer.close()
    (source,) = Block.open(path).sources
    assert (list(source.series), source.times()) == ([], array("q", [5, 9]))


def test_no_byte_may_be_another_and_none_may_be_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "history-0-1-00000001.block", rows=12)
    good = path.read_bytes()
    other = tmp_path / "history-0-2-00000001.block"
    # The last bytes of the header are not used.
    for at in [at for at in range(len(good)) if not 60 <= at < 64]:
        changed = bytearray(good)
        changed[at] ^= 0x41
        other.write_bytes(changed)
        assert is_damaged(other), f"byte {at} does not count"
    for size in range(len(good)):
        other.write_bytes(good[:size])
        assert is_damaged(other), f"{size} bytes are enough"


def test_a_damaged_block_is_set_aside_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = write(tmp_path / "history-0-1-00000001.block")
    torn = write(tmp_path / "history-1-2-00000002.block")
    torn.write_bytes(torn.read_bytes()[:-1])
    foreign = tmp_path / "history-2-3-00000003.block"
    foreign.write_bytes(b"\xff" * 500)
    (tmp_path / "history-3-4-00000004.block.tmp").write_bytes(b"half")
    blocks = Blocks(tmp_path)
    blocks.load()
    assert [one.path for one in blocks.all] == [good]
    assert blocks.damaged == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        good.name,
        torn.name + ".damaged",
        foreign.name + ".damaged",
    ]
    assert len(caplog.records) == 2


def test_a_block_of_a_later_version_is_left_where_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "history-0-1-00000001.block")
    data = bytearray(path.read_bytes())
    data[8] = 2
    path.write_bytes(data)
    with pytest.raises(NewerBlockError, match="format 2"):
        Block.open(path)
    blocks = Blocks(tmp_path)
    blocks.load()
    assert (blocks.count, path.exists()) == (0, True)


def test_a_block_that_is_overwritten_while_it_is_open_yields_nothing_false(tmp_path: Path) -> None:
    path = write(tmp_path / "history-0-1-00000001.block")
    block = Block.open(path)
    path.write_bytes(b"\xff" * path.stat().st_size)
    with pytest.raises(DamagedBlockError):
        everything(block)


def test_a_block_that_may_not_be_read_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "history-0-1-00000001.block")
    # As modes of the file do, but for root.
    real = os.open

    def refuse(name: Path, flags: int) -> int:
        if name == path:
            raise PermissionError(13, "Permission denied")
        return real(name, flags)

    monkeypatch.setattr("exporter.history.block.os.open", refuse)
    blocks = Blocks(tmp_path)
    blocks.load()
    assert (blocks.count, blocks.damaged) == (0, 1)


def test_a_directory_with_the_name_of_a_block_costs_itself(tmp_path: Path) -> None:
    (tmp_path / "history-0-1-00000001.block").mkdir()
    blocks = Blocks(tmp_path)
    blocks.load()
    assert (blocks.count, blocks.damaged) == (0, 1)


def test_a_pipe_with_the_name_of_a_block_costs_itself(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "history-0-1-00000001.block")
    blocks = Blocks(tmp_path)
    blocks.load()
    assert (blocks.count, blocks.damaged) == (0, 1)


def test_what_is_unfinished_and_cannot_be_removed_keeps_no_block_from_being_read(tmp_path: Path) -> None:
    write(tmp_path / "history-0-1-00000001.block")
    (tmp_path / "history-1-2-00000002.block.tmp").mkdir()
    blocks = Blocks(tmp_path)
    blocks.load()
    assert (blocks.count, blocks.damaged) == (1, 0)


def test_the_oldest_go_by_age_and_by_size_and_are_counted(tmp_path: Path) -> None:
    for number in range(5):
        start = number * 100 * STEP
        write(tmp_path / f"history-{start}-{start}-{number:08}.block", start=start)
    blocks = Blocks(tmp_path)
    assert [blocks.oldest_ms] == [None]
    blocks.load()
    assert blocks.oldest_ms == 0
    blocks.drop_old(150 * STEP)
    assert blocks.oldest_ms == 100 * STEP
    assert ([one.sequence for one in blocks.all], blocks.dropped["time"]) == ([1, 2, 3, 4], 1)
    size = blocks.all[0].bytes
    blocks.drop_much(2 * size + size // 2)
    assert ([one.sequence for one in blocks.all], blocks.dropped["size"]) == ([3, 4], 2)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_a_block_stands_for_does_not_count_beside_it_after_a_crash(tmp_path: Path) -> None:
    old = [write(tmp_path / f"history-{at}-{at}-{at:08}.block") for at in (1, 2)]
    new = write(tmp_path / "history-1-2-00000002.block", replaces=[path.name for path in old])
    blocks = Blocks(tmp_path)
    blocks.load()
    assert [one.path for one in blocks.all] == [new]
    assert list(tmp_path.iterdir()) == [new]


def test_a_block_that_is_replaced_stays_readable_for_who_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path / "history-0-1-00000001.block")
    blocks = Blocks(tmp_path)
    blocks.load()
    (old,) = blocks.between(0, 10**9)
    wanted = everything(old)
    new = write(tmp_path / "history-0-9-00000001.block", rows=3, replaces=[path.name])
    blocks.replace([old], new)
    assert everything(old) == wanted
    assert [one.path for one in blocks.between(0, 10**9)] == [new]
    assert not path.exists()


def test_a_block_that_somebody_deletes_is_missed(tmp_path: Path) -> None:
    path = write(tmp_path / "history-0-1-00000001.block")
    blocks = Blocks(tmp_path)
    blocks.load()
    path.unlink()
    blocks.forget_lost()
    assert (blocks.count, blocks.damaged) == (0, 1)


def test_schemas_of_many_servers_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Schema] = []

    class Counted(Schema):
        def __init__(self, points: Iterable[Labels]) -> None:
            super().__init__(points)
            made.append(self)

    monkeypatch.setattr(block_module, "Schema", Counted)
    path = tmp_path / "history-0-1-00000001.block"
    writer, servers = BlockWriter(path), 300
    every = array("q", range(0, 10 * STEP, STEP))
    for number in range(servers):
        # One label that no other server has: a schema of its own.
        series = [*(labels(f"metric_{one}") for one in range(200)), labels("of_one", id=str(number))]
        writer.add(
            f"cache-{number}", series, every, [Column(array("I", [0]), array("d", [1.0]))] * len(series)
        )
    writer.close()
    block = Block.open(path)
    for one in range(20):
        matchers = [Matcher("__name__", MatchOp.EQUAL, f"metric_{one}")]
        assert len(list(block.select(matchers))) == servers
    assert len(made) == servers
    # What is shared is let go of now and then.
    assert len({id(point) for schema in made for point in schema.points}) <= 2 * (200 + servers)


@pytest.mark.parametrize(("servers", "series"), [(300, 5), (1, 20_000)])
def test_a_selection_that_finds_nothing_gives_way_too(tmp_path: Path, servers: int, series: int) -> None:
    """Many servers of which each has a schema of its own, and the daemon's own source."""
    path = tmp_path / "history-0-1-00000001.block"
    writer = BlockWriter(path)
    column = Column(array("I", [0]), array("d", [1.0]))
    for number in range(servers):
        found = [labels(f"metric_{number}", id=str(one)) for one in range(series)]
        writer.add(f"cache-{number}", found, array("q", [0, STEP]), [column] * series)
    writer.close()
    turns: list[int] = []
    block = Block.open(path)
    nothing = [Matcher("__name__", MatchOp.EQUAL, "nowhere")]
    assert list(block.select(nothing, lambda: turns.append(1))) == []
    assert len(turns) >= servers * max(1, series // 1_000)
