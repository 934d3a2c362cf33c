"""Many readers share each round trip."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from exporter.connection import Command
from exporter.errors import Reason, ReplyError
from exporter.queues import steps as steps_module
from exporter.queues.steps import Steps, drive, guarded, in_database, together


def echo(name: str, rounds: int) -> Steps[list[str]]:
    heard: list[str] = []
    for number in range(rounds):
        heard += yield [("ECHO", f"{name}{number}"), ("ECHO", f"{name}{number}'")]
    return heard


class Server:
    """Answers ECHO, and knows which database is selected."""

    def __init__(self) -> None:
        self.round_trips: list[Sequence[Command]] = []
        self.database = 0

    async def exchange(self, commands: Sequence[Command]) -> Sequence[Any]:
        self.round_trips.append(commands)
        return [self.answer(command) for command in commands]

    def answer(self, command: Command) -> Any:
        if command[0] == "SELECT":
            self.database = int(command[1])
            return b"OK" if self.database < 9 else ReplyError(Reason.REPLY, "ERR out of range")
        return f"{command[1]!s}@{self.database}"


def run(steps: Steps[Any], server: Server) -> Any:
    return asyncio.run(drive(steps, server.exchange))


def test_as_many_round_trips_as_the_longest_reader_has_rounds() -> None:
    server = Server()
    results = run(together([echo("a", 1), echo("b", 3), echo("c", 0)]), server)
    assert results == [["a0@0", "a0'@0"], [f"b{n}{m}@0" for n in range(3) for m in ("", "'")], []]
    assert [len(commands) for commands in server.round_trips] == [4, 2, 2]


def test_nothing_to_ask_costs_no_round_trip() -> None:
    server = Server()
    assert run(together([]), server) == []
    assert server.round_trips == []


def test_each_part_asks_in_its_own_database() -> None:
    server = Server()
    parts = [in_database(3, echo("a", 2)), in_database(0, echo("b", 2))]
    assert run(together(parts), server)[0] == ["a0@3", "a0'@3", "a1@3", "a1'@3"]


def test_a_database_that_cannot_be_selected_is_an_error() -> None:
    with pytest.raises(ReplyError, match="out of range"):
        run(in_database(9, echo("a", 1)), Server())


def test_a_long_round_is_cut_and_stays_in_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_module, "MAX_COMMANDS", 2)
    server = Server()
    results = run(together([in_database(3, echo("a", 1)), in_database(4, echo("b", 1))]), server)
    assert results == [["a0@3", "a0'@3"], ["b0@4", "b0'@4"]]
    assert len(server.round_trips) == 3


def test_a_fault_in_one_reader_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    def faulty() -> Steps[list[str]]:
        yield [("ECHO", "x")]
        raise ValueError("a bug")

    results = run(together([guarded(faulty(), "mine"), guarded(echo("a", 2), "other")]), Server())
    assert results == [None, ["a0@0", "a0'@0", "a1@0", "a1'@0"]]
    assert "a bug" in caplog.text
