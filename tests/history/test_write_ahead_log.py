"""The write-ahead log follows a store, and survives what happens to its disk."""

import asyncio
import errno
import logging
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exporter.history import write_ahead_log
from exporter.history.wal_files import WalFiles
from exporter.history.write_ahead_log import SPAN_MS, WriteAheadLog
from exporter.model.sample import Sample
from exporter.store import Store
from tests.clocks import FrozenClock
from tests.history.test_wal import read_back
from tests.store.test_row_reader import Series, held, layout_of

START = 1_700_000_000.0
LAYOUT = layout_of("a", "b")


class Scene:
    """A store that is written to, and the log that follows it."""

    def __init__(self, directory: Path, last_number: int = 0) -> None:
        self.clock = FrozenClock(START)
        self.store = Store()
        self.log = WriteAheadLog(WalFiles(directory / "wal"), self.clock)
        self.log.follow(self.store, last_number)
        self.directory = directory / "wal"

    def write(self, value: float, after: float = 1.0, source: str = "here") -> None:
        self.clock.at += after
        self.store.append(Sample(source, round(self.clock.now() * 1000), LAYOUT, [value, 0.0]))

    @property
    def files(self) -> list[str]:
        return sorted(os.listdir(self.directory))

    def told(self) -> Series:
        """What all files together say of the source."""
        found: Series = {}
        for name in self.files:
            for labels, points in read_back(self.directory / name).get("here", {}).items():
                found.setdefault(labels, {}).update(points)
        return found


def play(tmp_path: Path, story: Callable[[Scene], Awaitable[None]], last_number: int = 0) -> Scene:
    async def run() -> Scene:
        scene = Scene(tmp_path, last_number)
        await story(scene)
        await scene.log.close()
        return scene

    return asyncio.run(run())


def test_everything_is_on_disk_after_a_flush_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for value in range(5):
            scene.write(value)
            await scene.log.flush()
            # Another process reads it while it is being written.
            assert scene.told() == held(scene.store, "here")

    scene = play(tmp_path, story, last_number=41)
    assert scene.files == ["history-wal-00000042"]
    assert scene.log.rows_total == 5
    assert stat.S_IMODE((scene.directory / "history-wal-00000042").stat().st_mode) == 0o600
    assert stat.S_IMODE(scene.directory.stat().st_mode) == 0o700


def test_the_end_writes_what_is_left(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.write(1.0)

    scene = play(tmp_path, story)
    assert scene.told() == held(scene.store, "here")


def test_no_file_is_made_where_nothing_is_written(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.log.flush()

    assert not play(tmp_path, story).directory.exists()


def test_each_span_has_a_file_that_can_be_read_alone(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for _ in range(3):
            # Nothing changes in a new span: its file has to say all the same what is.
            scene.write(7.0, after=SPAN_MS / 1000 / 2)
            await scene.log.flush()
            scene.write(7.0, after=1.0)
            await scene.log.flush()

    scene = play(tmp_path, story)
    assert len(scene.files) == 2
    assert scene.told() == held(scene.store, "here")


def test_a_large_file_is_ended_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_ahead_log, "MAX_FILE_BYTES", 500)

    async def story(scene: Scene) -> None:
        for value in range(40):
            scene.write(value)
            await scene.log.flush()

    scene = play(tmp_path, story)
    assert len(scene.files) > 2
    assert scene.told() == held(scene.store, "here")


def test_a_span_ends_early_where_memory_has_dropped_some_of_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for value in range(40):
            scene.write(value, after=15.0)
            await scene.log.flush()
        assert len(scene.files) == 1
        group = scene.store.group("here")
        assert group is not None
        scene.store.trim_group(group, scene.clock.at_ms - 300_000)
        for value in range(5):
            scene.write(value, after=15.0)
            await scene.log.flush()
        # The new file is young, so that it stays.
        assert len(scene.files) == 2

    play(tmp_path, story)


def test_more_rows_than_one_write_takes_are_written_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "_MAX_ROWS_AT_ONCE", 3)

    async def story(scene: Scene) -> None:
        for value in range(10):
            scene.write(value)
        await scene.log.flush()
        assert scene.log.rows_total == 10

    scene = play(tmp_path, story)
    assert scene.told() == held(scene.store, "here")


def test_a_full_disk_is_told_once_and_costs_nothing_that_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    real = os.write
    is_full = False

    def write(descriptor: int, data: bytes) -> int:
        if is_full:
            if len(data) > 20:
                # As a disk does that has a little room left.
                return real(descriptor, data[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    async def story(scene: Scene) -> None:
        nonlocal is_full
        scene.write(0.0)
        await scene.log.flush()
        monkeypatch.setattr(os, "write", write)
        is_full = True
        for value in range(1, 6):
            scene.write(value)
            await scene.log.flush()
            assert not scene.log.is_healthy
        assert scene.log.job.interval_seconds() == write_ahead_log.RETRY_SECONDS
        is_full = False
        scene.write(6.0)
        await scene.log.flush()
        assert scene.log.is_healthy

    scene = play(tmp_path, story)
    assert scene.log.failures == 5
    assert scene.told() == held(scene.store, "here")
    assert (scene.log.rows_total, scene.log.lost_rows) == (7, 0)
    # The first file, and the one after the disk had room again.
    assert len(scene.files) == 2
    assert caplog.text.count("the history cannot be written") == 1
    assert caplog.text.count("the history can be written again") == 1


def test_rows_that_memory_drops_while_the_disk_refuses_are_counted(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        (tmp_path / "wal").write_text("in the way")
        for value in range(6):
            scene.write(value, after=7_200.0)
            await scene.log.flush()
        (tmp_path / "wal").unlink()
        scene.write(4.0)
        await scene.log.flush()
        group = scene.store.group("here")
        assert group is not None
        assert scene.log.lost_rows == group.first_row > 0
        assert scene.log.rows_total == len(group.times)

    play(tmp_path, story)


def delete(path: Path) -> None:
    path.unlink()


def overwrite(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def replace(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [delete, overwrite, replace])
def test_a_file_that_somebody_takes_is_written_anew_from_memory(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    async def story(scene: Scene) -> None:
        for value in range(5):
            scene.write(value)
            await scene.log.flush()
        harm(scene.directory / "history-wal-00000001")
        await scene.log.flush()
        # There is nothing to be written, and so nobody has looked.
        scene.write(5.0)
        await scene.log.flush()
        assert scene.log.failures == 1
        scene.write(6.0)
        await scene.log.flush()
        assert scene.log.is_healthy
        told = read_back(scene.directory / "history-wal-00000002")["here"]
        assert told == held(scene.store, "here")

    play(tmp_path, story)


def test_a_directory_that_is_deleted_is_made_anew(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.write(1.0)
        await scene.log.flush()
        shutil.rmtree(scene.directory)
        scene.write(2.0)
        await scene.log.flush()
        await scene.log.flush()

    scene = play(tmp_path, story)
    assert scene.told() == held(scene.store, "here")


def test_the_clock_that_is_set_back_moves_what_is_in_the_file(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.write(1.0)
        await scene.log.flush()
        scene.store.shift(-600_000)
        scene.clock.at -= 600.0
        await scene.log.flush()
        scene.write(2.0)
        await scene.log.flush()

    scene = play(tmp_path, story)
    assert scene.told() == held(scene.store, "here")


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.history.test_write_ahead_log import Scene

async def main():
    scene = Scene(Path(sys.argv[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
    for value in range(40):
        scene.write(value)
        await scene.log.flush()
    assert scene.log.failures > 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await scene.log.flush()
    assert scene.log.is_healthy
    await scene.log.close()
    from tests.store.test_row_reader import held
    assert scene.told() == held(scene.store, "here")
    assert scene.log.lost_rows == 0
    print("whole")

asyncio.run(main())
"""


def test_a_file_that_the_system_does_not_let_grow_loses_nothing(tmp_path: Path) -> None:
    # In a process of its own: the limit is that of a process, and real writes fail in the middle.
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "whole", done.stderr
