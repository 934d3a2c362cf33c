"""The loop over the keys of a database: positions, turns, rests and replies that are none of SCAN."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from exporter.connection import Connection
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Address, Target
from exporter.sampling.pace import Budget, Pace
from exporter.sampling.scan import START, ScanCursor, ScanPacer, scan
from exporter.sampling.turns import Turns
from tests.servers import RealServer

HERE = Address("127.0.0.1", 6379)


def pacer_of(turns: Turns, *, deadline: float | None = None, strained: bool = False) -> ScanPacer:
    return ScanPacer(Pace(Budget(share=0.5), most=100), turns, lambda: strained, deadline=deadline)


def connection_to(server: RealServer) -> Connection:
    return Connection(Target(server.instance, Address("127.0.0.1", server.port)))


def fill(server: RealServer, names: Sequence[str]) -> None:
    server.client.mset(dict.fromkeys(names, "x"))


def test_a_cursor_asks_for_what_it_was_told_and_moves_on_with_each_reply() -> None:
    cursor = ScanCursor(match="user:*", key_type="hash")
    assert cursor.command(50) == ("SCAN", START, "MATCH", "user:*", "COUNT", 50, "TYPE", "hash")
    assert cursor.advance([b"17", [b"user:1", b"user:2"]], HERE) == [b"user:1", b"user:2"]
    assert cursor.command(50)[1] == b"17"
    assert cursor.advance([b"0", []], HERE) == []
    assert cursor.position is None
    cursor.restart()
    assert cursor.position == START


def test_a_cursor_without_a_pattern_asks_for_plain_scan() -> None:
    assert ScanCursor(position=b"4").command(500) == ("SCAN", b"4", "COUNT", 500)


def test_keys_that_are_no_texts_are_left_out() -> None:
    assert ScanCursor().advance([b"0", [b"a", None, 7, b"b"]], HERE) == [b"a", b"b"]


@pytest.mark.parametrize(
    "reply", [None, b"OK", [b"0"], [0, []], [b"", []], [b"0", b"a"], [b"0", [], []], [None, [b"a"]]]
)
def test_a_reply_that_is_none_of_scan_is_a_protocol_error_and_leaves_the_position(reply: object) -> None:
    cursor = ScanCursor(position=b"9")
    with pytest.raises(TargetError, match=r"127\.0\.0\.1:6379: not a reply of SCAN") as raised:
        cursor.advance(reply, HERE)
    assert raised.value.reason is Reason.PROTOCOL
    assert cursor.position == b"9"


def test_a_refused_scan_is_raised_as_the_server_says_it() -> None:
    with pytest.raises(ReplyError, match="no permission"):
        ScanCursor().advance(ReplyError(Reason.PERMISSION, "no permission"), HERE)


def test_every_key_is_seen_and_an_interrupted_scan_goes_on_where_it_was(empty_server: RealServer) -> None:
    names = {f"key:{number}".encode() for number in range(1_000)}
    fill(empty_server, [name.decode() for name in names])
    cursor = ScanCursor()

    async def some(connection: Connection, steps: int) -> set[bytes]:
        seen: set[bytes] = set()
        pacer = ScanPacer(Pace(Budget(share=None)), Turns(), lambda: False)
        async with aclosing(scan(connection, cursor, pacer, count=100)) as batches:
            async for keys in batches:
                seen.update(keys)
                steps -= 1
                if steps == 0:
                    break
        return seen

    async def run() -> None:
        connection = connection_to(empty_server)
        try:
            first = await some(connection, 3)
            assert 0 < len(first) < len(names)
            rest = await some(connection, 1_000)
            assert first | rest == names
            assert len(rest) < len(names)
            assert cursor.position is None
            assert await some(connection, 1_000) == set()
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_scan_waits_between_its_steps_and_is_over_without_another_wait(empty_server: RealServer) -> None:
    fill(empty_server, [f"key:{number}" for number in range(350)])
    pauses: list[float] = []

    async def between(pause: float) -> None:
        pauses.append(pause)

    async def run() -> int:
        connection = connection_to(empty_server)
        steps = 0
        try:
            async for _ in scan(connection, ScanCursor(), pacer_of(Turns()), count=100, between=between):
                steps += 1
        finally:
            await connection.close()
        return steps

    steps = asyncio.run(run())
    assert len(pauses) == steps - 1 > 0
    assert min(pauses) > 0


def test_a_scan_that_has_no_turn_before_its_deadline_ends_and_keeps_its_position() -> None:
    async def run() -> None:
        turns = Turns()
        await turns.wait()
        pacer = pacer_of(turns, deadline=time.monotonic() + 0.05)
        connection = Connection(Target("nowhere", Address("127.0.0.1", 1)))
        cursor = ScanCursor(position=b"5")
        assert [keys async for keys in scan(connection, cursor, pacer)] == []
        assert cursor.position == b"5"
        assert not pacer.has_time
        turns.end()
        # Nobody holds the turn that was not had.
        async with asyncio.timeout(10):
            await turns.wait()

    asyncio.run(run())


def test_a_refused_prelude_ends_the_scan_and_its_turn(empty_server: RealServer) -> None:
    async def run() -> None:
        connection = connection_to(empty_server)
        turns = Turns()
        batches = scan(connection, ScanCursor(), pacer_of(turns), prelude=[("SELECT", 1_000)])
        try:
            with pytest.raises(ReplyError):
                await anext(batches)
            async with asyncio.timeout(10):
                await turns.wait()
        finally:
            await connection.close()

    asyncio.run(run())


def test_others_wait_for_the_rest_that_a_step_has_earned_and_longer_for_a_strained_server() -> None:
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    async def run(*, strained: bool) -> None:
        turns = Turns(lambda: 0.0, sleep)
        pacer = pacer_of(turns, strained=strained)
        assert pacer.rest(0.01, 100) == pacer.pace.rest
        assert await pacer_of(turns).acquire()

    asyncio.run(run(strained=False))
    asyncio.run(run(strained=True))
    assert rests == pytest.approx([0.01, 0.04])
