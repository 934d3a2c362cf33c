"""Another process reads a directory while a daemon uses it, and changes nothing there."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

from exporter.history.read_only import ReadOnlyBlocks
from exporter.model.labels import Labels
from exporter.model.sample import is_stale
from tests.history.test_block import write
from tests.history.test_history import Scene


def content(directory: Path) -> Mapping[str, str]:
    """All files with checksums."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.iterdir())}


def read(directory: Path, scratch: Path) -> tuple[dict[Labels, dict[int, float]], list[str]]:
    """All samples, and what is damaged."""
    scratch.mkdir()
    before = content(directory)
    blocks = ReadOnlyBlocks(directory, scratch)
    blocks.load()
    found: dict[Labels, dict[int, float]] = {}
    for block in blocks.between(0, 10**15):
        for source, index in block.select([]):
            column, times = source.column(index), source.times()
            for row, end, value in zip(
                column.rows, [*column.rows[1:], len(times)], column.values, strict=True
            ):
                if not is_stale(value):
                    found.setdefault(source.series[index], {}).update(dict.fromkeys(times[row:end], value))
    assert content(directory) == before
    return found, blocks.problems


async def lived_through(directory: Path) -> Scene:
    """A daemon that was killed once, and writes again."""
    scene = Scene(directory)
    await scene.start()
    await scene.write(20)
    await scene.kill()
    await scene.start()
    await scene.write(10)
    return scene


def test_blocks_and_the_write_ahead_log_are_read_while_a_daemon_writes(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()

    async def scenario() -> None:
        scene = await lived_through(directory)
        assert scene.files(".block")
        assert scene.files("wal")
        found, problems = read(directory, tmp_path / "one")
        assert (found, problems) == (scene.written, [])
        # Writing goes on, and is read by the next one.
        await scene.write(5)
        assert read(directory, tmp_path / "two")[0] == scene.written
        await scene.history.close()

    asyncio.run(scenario())


def test_what_is_damaged_is_left_out_and_stays(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()

    async def scenario() -> None:
        scene = await lived_through(directory)
        (block,) = directory.glob("*.block")
        (log,) = directory.glob("*wal*")
        block.write_bytes(block.read_bytes()[:-20])
        found, problems = read(directory, tmp_path / "one")
        assert len(problems) == 1
        assert block.name in problems[0]
        for labels, samples in found.items():
            assert len(samples) == 10
            assert samples.items() <= scene.written[labels].items()
        log.write_bytes(b"no log at all" * 100)
        found, problems = read(directory, tmp_path / "two")
        assert (found, len(problems)) == ({}, 2)
        await scene.kill()

    asyncio.run(scenario())


def test_an_empty_directory_has_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    assert read(directory, tmp_path / "one") == ({}, [])


def test_blocks_that_another_one_stands_for_do_not_count(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    old = [write(directory / f"history-{at}-{at}-{at:08}.block") for at in (1, 2)]
    new = write(directory / "history-1-2-00000003.block", rows=20, replaces=[path.name for path in old])
    found, problems = read(directory, tmp_path / "one")
    assert problems == []
    assert {len(samples) for samples in found.values()} == {20, 10}
    assert new.exists()
