"""What a receiver has missed is read from the history, and sent in order, each sample once."""

import asyncio
from pathlib import Path

import pytest

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from tests.notify.http_listener import HANG, HttpListener, Reply
from tests.remote.write.blocks import MemoryBlocks
from tests.remote.write.reading import bits
from tests.remote.write.sending import BASE, LAYOUT, SERIES, World, received, section, until, values


def test_after_a_restart_the_gap_is_sent_before_what_is_new(tmp_path: Path) -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            first = World(tmp_path, blocks)
            await first.start(section(listener.url, name="r"))
            sampled = [first.append(1.0), first.append(2.0)]
            await until(lambda: first.metric("samples_total") == 2)
            listener.answer_with(Reply(503))
            sampled += [first.append(3.0), first.append(4.0)]
            await first.writer.stop(0.1)

            blocks.add(sampled)
            failed = len(listener.requests)
            listener.answer_with(Reply(200))
            second = World(tmp_path, blocks)
            second.clock.at = first.clock.at + 10
            await second.start(section(listener.url, name="r"))
            second.append(5.0)
            await until(lambda: second.metric("samples_total") == 3)
            await second.writer.stop(5)
            assert values(listener, range(failed, len(listener.requests))) == {"one": [3.0, 4.0, 5.0]}
            assert values(listener, range(1)) == {"one": [1.0]} or values(listener, [0]) == {
                "one": [1.0, 2.0]
            }

    asyncio.run(play())


def test_a_receiver_that_is_new_gets_what_comes_from_now_on(tmp_path: Path) -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            world = World(tmp_path, blocks)
            blocks.add([world.append(1.0)])
            await world.start(section(listener.url))
            world.append(2.0)
            await until(lambda: world.metric("samples_total") == 1)
            await world.writer.stop(5)
            assert values(listener) == {"one": [2.0]}

    asyncio.run(play())


def test_a_source_that_began_while_the_receiver_was_away_is_sent_from_its_beginning(tmp_path: Path) -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            first = World(tmp_path, blocks)
            await first.start(section(listener.url, name="r"))
            sampled = [first.append(1.0)]
            await until(lambda: first.metric("samples_total") == 1)
            listener.answer_with(Reply(503))
            sampled += [first.append(2.0), first.append(7.0, "other")]
            await first.writer.save()
            await first.writer.stop(0.1)

            blocks.add(sampled)
            failed = len(listener.requests)
            listener.answer_with(Reply(200))
            second = World(tmp_path, blocks)
            second.clock.at = first.clock.at + 10
            await second.start(section(listener.url, name="r"))
            await until(lambda: second.metric("samples_total") == 2)
            await second.writer.stop(5)
            found = values(listener, range(failed, len(listener.requests)))
            assert sorted(found["one"]) == [2.0, 7.0]

    asyncio.run(play())


def test_what_has_left_memory_is_sent_from_the_history() -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            world = World(None, blocks, retention_ms=10_000)
            await world.start(section(listener.url))
            sampled = [world.append(0.0)]
            await until(lambda: world.metric("samples_total") == 1)
            listener.answer_with(Reply(503))
            sampled.append(world.append(1.0))
            await until(lambda: len(listener.requests) > 2)
            sampled += [world.append(float(number)) for number in range(2, 31)]
            blocks.add(sampled[:25])
            failed = len(listener.requests)
            listener.answer_with(Reply(200))
            sampled.append(world.append(31.0))
            await until(lambda: world.metric("samples_total") == 32)
            await world.writer.stop(5)
            taken = received(listener, [0, *range(failed, len(listener.requests))])
            assert bits(taken) == bits({SERIES: [(one.timestamp, one.values[0] or 0.0) for one in sampled]})
            assert world.metric("samples_dropped_total") == 0

    asyncio.run(play())


def test_a_source_that_has_gone_meanwhile_is_sent_to_its_end() -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            world = World(None, blocks)
            await world.start(section(listener.url))
            sampled = [world.append(0.0)]
            await until(lambda: world.metric("samples_total") == 1)
            listener.answer_with(Reply(503))
            sampled.append(world.append(1.0))
            await until(lambda: len(listener.requests) > 2)
            sampled += [world.append(2.0), world.append(3.0)]
            world.store.delete("s")
            blocks.add(sampled)
            failed = len(listener.requests)
            listener.answer_with(Reply(200))
            await until(lambda: world.metric("samples_total") == 5)
            await world.writer.stop(5)
            found = bits(received(listener, [0, *range(failed, len(listener.requests))]))[SERIES]
            assert [moment for moment, _ in found[:4]] == [one.timestamp for one in sampled]
            assert found[4][1] == "stale"

    asyncio.run(play())


def test_an_end_while_the_gap_is_sent_leaves_the_rest_to_the_next_start(tmp_path: Path) -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            first = World(tmp_path, blocks)
            await first.start(section(listener.url, name="r"))
            first.append(1.0)
            await until(lambda: first.metric("samples_total") == 1)
            await first.writer.stop(5)
            blocks.add([first.append(2.0), first.append(3.0)])

            listener.answer_with(Reply(503))
            second = World(tmp_path, blocks)
            second.clock.at = first.clock.at + 10
            await second.start(section(listener.url, name="r"))
            await until(lambda: len(listener.requests) > 2)
            sampled = second.append(4.0)
            listener.answer_with(HANG, Reply(200))
            await second.writer.stop(0.2)
            blocks.add([sampled])

            failed = len(listener.requests)
            listener.answer_with(Reply(200))
            third = World(tmp_path, blocks)
            third.clock.at = second.clock.at + 10
            await third.start(section(listener.url, name="r"))
            await until(lambda: third.metric("samples_total") == 3)
            await third.writer.stop(5)
            assert values(listener, range(failed, len(listener.requests))) == {"one": [2.0, 3.0, 4.0]}

    asyncio.run(play())


def test_what_nothing_holds_any_more_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        async with HttpListener() as listener:
            world = World(retention_ms=10_000)
            await world.start(section(listener.url))
            world.append(0.0)
            await until(lambda: world.metric("samples_total") == 1)
            listener.answer_with(Reply(503))
            world.append(1.0)
            await until(lambda: len(listener.requests) > 2)
            for number in range(2, 40):
                world.append(float(number))
            listener.answer_with(Reply(200))
            await until(lambda: values(listener)["one"][-1] == 39.0)
            await world.writer.stop(5)
            lost = world.metric("samples_dropped_total", reason="lost")
            assert lost > 20
            assert world.metric("samples_total") + lost == 40

    asyncio.run(play())
    assert "had left memory" in caplog.text


def test_a_damaged_block_costs_that_block(tmp_path: Path) -> None:
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            first = World(tmp_path, blocks)
            await first.start(section(listener.url, name="r"))
            first.append(1.0)
            await until(lambda: first.metric("samples_total") == 1)
            await first.writer.stop(5)
            blocks.add([first.append(2.0)])
            blocks.add([first.append(3.0)])
            blocks.blocks[0].is_damaged = True
            second = World(tmp_path, blocks)
            second.clock.at = first.clock.at + 10
            await second.start(section(listener.url, name="r"))
            await until(lambda: second.metric("samples_total") == 1)
            await second.writer.stop(5)
            assert values(listener) == {"one": [1.0, 3.0]}
            assert len(blocks.damaged) == 1

    asyncio.run(play())


def test_series_that_ended_while_nobody_watched_are_marked_stale(tmp_path: Path) -> None:
    calls = Family("calls", Kind.COUNTER, "Calls.")
    both = Layout([*LAYOUT.points, Point(calls, "", Labels())], BASE)
    blocks = MemoryBlocks()

    async def play() -> None:
        async with HttpListener() as listener:
            first = World(tmp_path, blocks)
            await first.start(section(listener.url, name="r"))
            await first.writer.stop(5)
            at = first.clock.at_ms
            blocks.add([Sample("s", at + 1000, both, [1.0, 2.0]), Sample("s", at + 2000, both, [1.0, 2.0])])
            second = World(tmp_path, blocks)
            second.clock.at += 10
            await second.start(section(listener.url, name="r"))
            await until(lambda: second.metric("samples_total") == 4)
            second.append(1.0)
            await until(lambda: second.metric("samples_total") == 6)
            await second.writer.stop(5)
            found = bits(received(listener))
            assert [value for _, value in found[Labels({"__name__": "calls", **BASE.as_dict()})]][
                -1
            ] == "stale"
            assert len(found[SERIES]) == 3

    asyncio.run(play())


@pytest.mark.parametrize(
    "content", ["", "nonsense", '{"version": 9}', '{"version": 1, "receivers": [1]}', "\xff" * 50]
)
def test_positions_that_cannot_be_read_cost_the_gap_and_one_line(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "remote_write.json").write_bytes(content.encode("latin-1"))

    async def play() -> None:
        async with HttpListener() as listener:
            world = World(tmp_path, MemoryBlocks())
            await world.start(section(listener.url))
            world.append(1.0)
            await until(lambda: world.metric("samples_total") == 1)
            await world.writer.stop(5)

    asyncio.run(play())
    assert caplog.text.count("cannot be read") == 1
    assert (tmp_path / "remote_write.json").stat().st_mode & 0o777 == 0o600


def test_a_directory_that_cannot_be_written_to_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        async with HttpListener() as listener:
            world = World(tmp_path / "gone", MemoryBlocks())
            await world.start(section(listener.url))
            await world.writer.save()
            await world.writer.save()
            world.append(1.0)
            await until(lambda: world.metric("samples_total") == 1)
            await world.writer.stop(5)

    asyncio.run(play())
    assert caplog.text.count("cannot be saved") == 1
