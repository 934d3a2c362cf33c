"""Questions to a server about its slow log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.connection import Client
from exporter.errors import Reason, ReplyError, TargetError
from exporter.samplers.slowlog.cursor import DEFAULT_CAPACITY
from exporter.samplers.slowlog.entries import Entry, parse_entries, parse_whole
from exporter.sampling.command_support import CommandSupport
from exporter.sampling.info_text import split_lines
from exporter.sampling.replies import field_map

# Entries may come between the look at the newest and the reading of all new ones.
_SLACK: Final = 16
# Each is some forty elements, and a reply is bounded in these.
_MOST_AT_ONCE: Final = 5_000
_LENGTH, _NEWEST, _CAPACITY = "SLOWLOG LEN", "SLOWLOG GET", "CONFIG GET slowlog-max-len"
_COMMANDLOGS: Final = ("slow", "large-request", "large-reply")


@dataclass(frozen=True, slots=True)
class SlowlogSnapshot:
    """The length of the log, its newest entries, and the lengths of Valkey's other logs by name."""

    length: int
    newest: Sequence[Entry]
    commandlogs: dict[str, int]


async def read_snapshot(
    connection: Client, support: CommandSupport, count: int, *, with_commandlogs: bool = False
) -> SlowlogSnapshot:
    """Read the length of the log and at most `count` of its newest entries, in one round trip."""
    commands: dict[str, tuple[str | int, ...]] = {
        _LENGTH: ("SLOWLOG", "LEN"),
        _NEWEST: ("SLOWLOG", "GET", count),
    }
    if with_commandlogs:
        commands |= {f"COMMANDLOG LEN {name}": ("COMMANDLOG", "LEN", name) for name in _COMMANDLOGS}
    answers = await support.ask(connection, commands)
    for name in (_LENGTH, _NEWEST):
        support.require(name)
    newest = parse_entries(answers[_NEWEST], count)
    lengths = {name: answers.get(f"COMMANDLOG LEN {name}") for name in _COMMANDLOGS}
    length = parse_whole(answers[_LENGTH])
    if length is None:
        raise TargetError(Reason.PROTOCOL, f"{_LENGTH} did not answer with a number")
    return SlowlogSnapshot(
        length,
        newest,
        {name: length for name, length in lengths.items() if isinstance(length, int)},
    )


async def read_more(connection: Client, wanted: int, length: int, limit: int) -> Sequence[Entry]:
    """Read at least the `wanted` newest entries, as far as the log and the limit allow."""
    count = min(wanted + _SLACK, max(length, 1) + _SLACK, limit, _MOST_AT_ONCE)
    return parse_entries(await connection.execute("SLOWLOG", "GET", count), count)


async def ask_capacity(connection: Client, support: CommandSupport) -> int:
    """Ask how many entries the log can hold; the default where the server does not tell."""
    command = ("CONFIG", "GET", "slowlog-max-len")
    answers = await support.ask(connection, {_CAPACITY: command}, required=False)
    capacity = parse_whole(field_map(answers.get(_CAPACITY)).get("slowlog-max-len"))
    return DEFAULT_CAPACITY if capacity is None else capacity


async def ask_run_id(connection: Client) -> str:
    """Ask for the id that a server gives itself when it starts; empty where it does not tell."""
    lines = await _ask_info(connection, "server")
    return next((line.removeprefix("run_id:") for line in lines if line.startswith("run_id:")), "")


async def was_never_emptied(connection: Client) -> bool:
    """Return whether statistics of commands prove that nobody has emptied the log since the server started.

    Before Redis 7 they do not tell sub-commands apart, and prove it only where neither SLOWLOG nor CONFIG has
    ever been called.
    """
    lines = await _ask_info(connection, "commandstats")
    called = {
        line.partition(":")[0].removeprefix("cmdstat_") for line in lines if line.startswith("cmdstat_")
    }
    if any("|" in name for name in called):
        return not called & {"slowlog|reset", "commandlog|reset", "config|resetstat"}
    return bool(called) and not called & {"slowlog", "config"}


async def _ask_info(connection: Client, section: str) -> Sequence[str]:
    """Ask for the lines of one section of INFO; none where the server does not tell."""
    try:
        reply = await connection.execute("INFO", section)
    except ReplyError:
        return ()
    return split_lines(reply) if isinstance(reply, bytes) else ()
