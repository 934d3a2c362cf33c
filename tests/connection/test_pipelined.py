"""Several coroutines over one connection, in as few round trips as the longest of them needs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from exporter.connection import Connection, PipelinedRunner
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Address, Target
from tests.conftest import StartServer
from tests.servers import RealServer

Pass = Callable[[PipelinedRunner], Coroutine[Any, Any, None]]


class CountingConnection(Connection):
    """Counts round trips."""

    round_trips = 0

    async def exchange(self, payload: bytes, count: int, **options: Any) -> list[Any]:
        self.round_trips += 1
        return await super().exchange(payload, count, **options)


def drive(port: int, *passes: Pass, timeout_seconds: float = 5.0) -> tuple[list[Exception | None], int]:
    """How each pass ended, and in how many round trips all did."""
    ends: dict[int, Exception | None] = {}

    async def scenario() -> int:
        connection = CountingConnection(Target("t", Address("127.0.0.1", port)))
        steps = PipelinedRunner(connection)
        await steps.run([one(steps) for one in passes], ends.__setitem__, timeout_seconds)
        await connection.close()
        return connection.round_trips

    round_trips = asyncio.run(scenario())
    return [ends[index] for index in range(len(passes))], round_trips


def asks(*words: str, times: int = 1, into: list[Any] | None = None) -> Pass:
    """A pass that asks the same some times."""

    async def one(steps: PipelinedRunner) -> None:
        for _ in range(times):
            reply = await steps.execute(*words)
            if into is not None:
                into.append(reply)

    return one


def test_all_ask_in_the_round_trips_of_the_longest(empty_server: RealServer) -> None:
    first: list[Any] = []
    second: list[Any] = []
    passes = (asks("ECHO", "a", times=3, into=first), asks("ECHO", "b", into=second), asks("PING", times=2))
    ends, round_trips = drive(empty_server.port, *passes)

    assert ends == [None, None, None]
    assert round_trips == 3
    assert first == [b"a"] * 3
    assert second == [b"b"]


def test_a_fault_stays_with_its_pass(empty_server: RealServer) -> None:
    async def fails(steps: PipelinedRunner) -> None:
        await steps.execute("PING")
        raise ValueError("mine")

    async def recovers(steps: PipelinedRunner) -> None:
        with pytest.raises(ReplyError):
            await steps.execute("NO-SUCH-COMMAND")
        assert await steps.pipeline([]) == []
        assert await steps.execute("ECHO", "x") == b"x"

    ends, _ = drive(empty_server.port, fails, recovers, asks("NO-SUCH-COMMAND"), asks("PING"))
    assert isinstance(ends[0], ValueError)
    assert ends[1] is None
    assert isinstance(ends[2], ReplyError)
    assert ends[3] is None


def test_a_pass_without_questions_ends_at_once(empty_server: RealServer) -> None:
    async def nothing(_: PipelinedRunner) -> None:
        return

    assert drive(empty_server.port, nothing, nothing) == ([None, None], 0)


def test_what_is_timed_travels_alone(empty_server: RealServer) -> None:
    seconds: list[float] = []

    async def times(steps: PipelinedRunner) -> None:
        replies, took = await steps.timed_pipeline([("PING",)])
        assert replies == [b"PONG"]
        seconds.append(took)

    ends, round_trips = drive(empty_server.port, times, asks("PING", times=2))
    assert ends == [None, None]
    # `time` has its own way through the connection.
    assert round_trips == 2
    assert 0 < seconds[0] < 1


def test_who_waits_for_something_else_is_told(empty_server: RealServer) -> None:
    async def sleeps(_: PipelinedRunner) -> None:
        await asyncio.sleep(0.01)

    ends, _ = drive(empty_server.port, sleeps, asks("PING"))
    assert isinstance(ends[0], TypeError)
    assert ends[1] is None


def test_a_hanging_server_costs_all_their_common_deadline(start_server: StartServer) -> None:
    server = start_server()
    cleaned_up = []

    async def tidy(steps: PipelinedRunner) -> None:
        try:
            await steps.execute("PING")
        finally:
            cleaned_up.append(True)

    with server.paused():
        ends, _ = drive(server.port, tidy, asks("PING", times=2), timeout_seconds=0.2)
    for end in ends:
        assert isinstance(end, TargetError)
        assert end.reason is Reason.TIMEOUT
    assert cleaned_up == [True]


def test_a_deadline_that_has_passed_asks_nothing_more(empty_server: RealServer) -> None:
    ends, round_trips = drive(empty_server.port, asks("PING"), timeout_seconds=0.0)
    assert isinstance(ends[0], TargetError)
    assert ends[0].reason is Reason.TIMEOUT
    assert round_trips == 0


def test_a_server_that_is_not_there(start_server: StartServer) -> None:
    server = start_server()
    server.kill()
    ends, _ = drive(server.port, asks("PING"), asks("PING"))
    assert [end.reason for end in ends if isinstance(end, TargetError)] == [Reason.REFUSED] * 2


def test_passes_are_ended_where_the_whole_is_cancelled(start_server: StartServer) -> None:
    server = start_server()
    left: list[str] = []

    async def waits(steps: PipelinedRunner) -> None:
        try:
            await steps.execute("PING")
        finally:
            left.append("left")

    async def scenario() -> None:
        connection = Connection(Target("t", Address("127.0.0.1", server.port)))
        await connection.execute("PING")
        steps = PipelinedRunner(connection)
        with server.paused():
            whole = asyncio.create_task(steps.run([waits(steps)], lambda *_: left.append("told"), 5.0))
            await asyncio.sleep(0.05)
            whole.cancel()
            with pytest.raises(asyncio.CancelledError):
                await whole
        await connection.close()

    asyncio.run(scenario())
    assert left == ["left"]


def test_one_that_gives_way_goes_on_before_the_others_do(empty_server: RealServer) -> None:
    order: list[str] = []

    async def long(steps: PipelinedRunner) -> None:
        await steps.execute("PING")
        for _ in range(100):
            await asyncio.sleep(0)
        order.append("long")
        await steps.execute("PING")

    async def other(steps: PipelinedRunner) -> None:
        await steps.execute("PING")
        order.append("other")

    ends, round_trips = drive(empty_server.port, long, other)
    assert ends == [None, None]
    assert order == ["long", "other"]
    assert round_trips == 2


def test_one_that_computes_for_too_long_ends_at_the_deadline(empty_server: RealServer) -> None:
    async def endless(steps: PipelinedRunner) -> None:
        await steps.execute("PING")
        for _ in range(100_000_000):
            await asyncio.sleep(0)

    ends, _ = drive(empty_server.port, endless, asks("PING"), timeout_seconds=0.5)
    assert isinstance(ends[0], TargetError)
    assert ends[0].reason is Reason.TIMEOUT
    assert "too long to read" in str(ends[0])
    assert ends[1] is None
