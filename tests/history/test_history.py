"""A history over restarts: what was appended is what blocks and memory have afterwards."""

import asyncio
import errno
import os
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.history.block_writer import BlockWriter
from exporter.history.blocks import Blocks
from exporter.history.history import History
from exporter.history.write_ahead_log import SPAN_MS
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Sample, is_stale
from exporter.store import Chunk, RequiredSelector, Store
from tests.clocks import FrozenClock
from tests.store.test_row_reader import Series, held, layout_of, the

START = 1_699_950_600.0
LAYOUT = layout_of("a", "b")
NEEDED = RequiredSelector(tuple(the("a")), 3_600_000)
ALL = [Matcher(METRIC_NAME, MatchOp.EQUAL, "m_total")]
DAY_MS = 86_400_000


class Scene:
    """A directory over several lives of a daemon; `value` is what is written next."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FrozenClock(START)
        self.value = 0.0
        self.written: Series = {}

    async def start(self, retention_ms: int = 30 * DAY_MS, max_bytes: int = 1 << 30) -> None:
        self.registry = CollectorRegistry()
        self.store = Store()
        self.store.set_required([NEEDED])
        self.history = History(
            self.directory,
            self.clock,
            self.registry,
            retention_ms=retention_ms,
            max_bytes=max_bytes,
            downsample_after_ms=2 * DAY_MS,
        )
        await self.history.open()
        await self.history.follow(self.store, [NEEDED], lambda labels: labels)

    async def write(self, count: int = 1, after: float = 15.0) -> None:
        for _ in range(count):
            self.clock.at += after
            self.value += 1.0
            self.store.append(Sample("here", self.clock.at_ms, LAYOUT, [self.value, 7.0]))
            for index, value in enumerate([self.value, 7.0]):
                self.written.setdefault(LAYOUT.labels(index), {})[self.clock.at_ms] = value
        await self.history.wal.flush()

    async def kill(self) -> None:
        """Leave everything as `kill -9` would."""
        self.history._executor.shutdown()
        self.history.wal._executor.shutdown()

    def files(self, part: str) -> list[str]:
        return sorted(name for name in os.listdir(self.directory) if part in name)

    def on_disk(self) -> Series:
        """What all blocks say."""
        found: Series = {}
        for block in self.history.blocks.between(0, 10**15):
            for source, index in block.select(ALL):
                column, times = source.column(index), source.times()
                ends = [*column.rows[1:], len(times)]
                for row, end, value in zip(column.rows, ends, column.values, strict=True):
                    if not is_stale(value):
                        points = dict.fromkeys(times[row:end], value)
                        found.setdefault(source.series[index], {}).update(points)
        return found

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"redis_vigil_history_{name}", labels)


def play(directory: Path, story: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def run() -> Scene:
        scene = Scene(directory)
        await scene.start()
        await story(scene)
        await scene.history.close()
        return scene

    return asyncio.run(run())


def test_a_span_that_is_over_becomes_a_block(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(3)
        await scene.history.maintain()
        # The file that is being written stays.
        assert (len(scene.files("wal")), len(scene.files("block"))) == (1, 0)
        await scene.write(1, after=SPAN_MS / 1000)
        await scene.history.maintain()
        assert (len(scene.files("wal")), len(scene.files("block"))) == (1, 1)
        assert {len(points) for points in scene.on_disk().values()} == {3}
        assert scene.metric("sealed_total") == 1
        assert scene.metric("bytes") == (tmp_path / scene.files("block")[0]).stat().st_size
        assert scene.metric("wal_bytes") == (tmp_path / scene.files("wal")[0]).stat().st_size

    play(tmp_path, story)


def test_after_a_kill_everything_is_in_blocks_and_what_rules_need_in_memory(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(5)
        for life in range(2, 5):
            await scene.kill()
            scene.clock.at += 60.0
            await scene.start()
            assert scene.on_disk() == scene.written
            assert scene.files("wal") == []
            a, _ = LAYOUT.labels(0), LAYOUT.labels(1)
            assert held(scene.store, "here") == {a: scene.written[a]}
            await scene.write(5)
            assert scene.files("wal") == [f"history-wal-{life:08}"]

    play(tmp_path, story)


def test_memory_gets_back_only_as_much_as_rules_read(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(600)
        await scene.kill()
        await scene.start()
        [points] = held(scene.store, "here").values()
        assert len(points) == 3_600 / 15
        assert max(points) == scene.clock.at_ms

    play(tmp_path, story)


def test_what_is_later_than_the_clock_is_not_put_back(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(10)
        await scene.kill()
        scene.clock.at -= 60.0
        await scene.start()
        [points] = held(scene.store, "here").values()
        assert max(points) == scene.clock.at_ms
        await scene.write(1)
        assert scene.value in held(scene.store, "here")[LAYOUT.labels(0)].values()

    play(tmp_path, story)


def test_a_torn_end_is_cut_off_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(3)
        await scene.kill()
        with (tmp_path / scene.files("wal")[0]).open("ab") as file:
            file.write(b"\x20\x00\x00\x00half a record")
        await scene.start()
        assert scene.on_disk() == scene.written
        assert scene.metric("wal_lost_bytes_total") == 17
        assert scene.metric("wal_corruptions_total") == 0
        await scene.kill()
        await scene.start()

    play(tmp_path, story)
    assert caplog.text.count("was not written to its end") == 1
    assert not list(tmp_path.glob("*.damaged"))


def test_a_damaged_file_costs_what_is_behind_the_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(3)
        size = (tmp_path / scene.files("wal")[0]).stat().st_size
        await scene.write(1)
        await scene.write(1)
        await scene.kill()
        with (tmp_path / scene.files("wal")[0]).open("r+b") as file:
            file.seek(size + 20)
            file.write(b"\xff")
        await scene.start()
        assert {len(points) for points in scene.on_disk().values()} == {3}
        assert scene.metric("wal_corruptions_total") == 1
        await scene.write(1)

    play(tmp_path, story)
    assert caplog.text.count("is set aside") == 1
    assert [path.name for path in tmp_path.glob("*.damaged")] == ["history-wal-00000001.damaged"]


def test_a_foreign_file_is_set_aside_and_one_of_a_later_version_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(1)
        await scene.kill()
        [name] = scene.files("wal")
        later = bytearray((tmp_path / name).read_bytes())
        later[8] = 2
        (tmp_path / name).write_bytes(b"\xff" * len(later))
        (tmp_path / "history-wal-00000007").write_bytes(later)
        await scene.start()
        await scene.history.maintain()
        await scene.write(1)
        # The number of what it cannot read is not used again.
        assert scene.files("wal") == [f"{name}.damaged", "history-wal-00000007", "history-wal-00000008"]
        assert (tmp_path / "history-wal-00000007").read_bytes() == later

    play(tmp_path, story)
    assert caplog.text.count("is set aside") == 1
    assert caplog.text.count("a file of the write-ahead log cannot be read") == 1


def test_a_full_disk_at_the_start_keeps_nothing_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def story(scene: Scene) -> None:
        await scene.write(3)
        await scene.kill()
        with monkeypatch.context() as full:
            full.setattr(BlockWriter, "add", refuse)
            await scene.start()
            await scene.history.maintain()
            assert scene.metric("maintenance_failures_total") == 2
        await scene.write(3)
        # There is room again: the old file is sealed after all, and no half block is left.
        await scene.history.maintain()
        assert scene.files(".tmp") == []
        assert {len(points) for points in scene.on_disk().values()} == {3}

    play(tmp_path, story)
    assert caplog.text.count("cannot be looked after") == 1


def test_blocks_go_when_they_are_old_and_when_there_is_too_much(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for _ in range(6):
            await scene.write(1, after=SPAN_MS / 1000)
        await scene.history.maintain()
        assert scene.metric("blocks") == 5
        scene.history.configure(retention_ms=SPAN_MS * 3, max_bytes=1 << 30, downsample_after_ms=DAY_MS)
        await scene.history.maintain()
        assert (scene.metric("blocks"), scene.metric("dropped_blocks_total", reason="time")) == (3, 2)
        scene.history.configure(retention_ms=DAY_MS, max_bytes=1, downsample_after_ms=DAY_MS)
        await scene.history.maintain()
        assert (scene.metric("blocks"), scene.metric("dropped_blocks_total", reason="size")) == (0, 3)
        assert scene.files("block") == []

    play(tmp_path, story)


def test_blocks_go_also_where_there_is_no_room_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        for _ in range(4):
            await scene.write(1, after=SPAN_MS / 1000)
        await scene.history.maintain()
        assert scene.metric("blocks") == 3
        scene.clock.at += 2 * DAY_MS / 1000
        scene.history.configure(retention_ms=30 * DAY_MS, max_bytes=1, downsample_after_ms=DAY_MS)
        monkeypatch.setattr(Blocks, "free_bytes", 0)
        await scene.history.maintain()
        assert (scene.metric("blocks"), scene.metric("maintenance_failures_total")) == (0, 1)

    play(tmp_path, story)


def test_what_an_earlier_version_saved_becomes_a_block(tmp_path: Path) -> None:
    a, b = LAYOUT.labels(0), Labels({METRIC_NAME: "m_total", "k": "c"})
    at = round(START * 1000)

    async def story(scene: Scene) -> None:
        first = Chunk("here", [a], is_complete=True, times=array("q", [at, at + 1_000, at + 2_000]))
        first.add(0, 0, 1.0)
        first.add(0, 2, 2.0)
        more = Chunk("here", first.series, is_complete=False, times=array("q", [at + 3_000]))
        more.add(0, 0, 3.0)
        # A rule came to read another series.
        other = Chunk("here", [b], is_complete=True, times=array("q", [at + 4_000]))
        other.add(0, 0, 9.0)
        assert await scene.history.adopt([first, more, other])
        assert scene.on_disk() == {
            a: {at: 1.0, at + 1_000: 1.0, at + 2_000: 2.0, at + 3_000: 3.0},
            b: {at + 4_000: 9.0},
        }

    play(tmp_path, story)


def test_nothing_is_left_running_at_the_end(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.write(3)
        await scene.history.close()
        # A job that was under way finds nobody to work for it, and says nothing.
        await scene.history.maintain()

    play(tmp_path, story)
