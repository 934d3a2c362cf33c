"""Questions to a server as generators, so that any number of them share each round trip.

A framework's reader yields the commands of its next round and is sent their replies; it does no I/O and knows
nothing of other readers. `together` runs many readers in lock-step: the number of round trips is that of the
reader with the most rounds, however many readers there are.

Samplers are coroutines that `PipelinedRunner` drives in the same way. Readers are generators since there
may be a thousand of them in one sampler: without a packed payload, a deadline and an error path for each, a
pass takes 0.57 times the CPU (1,000 readers, three rounds of three commands: 5.9 ms beside 10.2 ms). They
also nest, and are run again with replies predicted from the last pass (`with_prefetch`).
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Final, TypeVar

from exporter.connection import Command, Reply, split_replies
from exporter.errors import ReplyError
from exporter.log import get_logger

log = get_logger(__name__)
T = TypeVar("T")
# Yields commands, is sent one reply for each (an error reply as a `ReplyError`), returns what it found.
Steps = Generator[Sequence[Command], Sequence[Reply], T]
Exchange = Callable[[Sequence[Command]], Awaitable[Sequence[Reply]]]

# What one round trip carries at most; replies have to fit into memory, and a deadline into a pass.
MAX_COMMANDS: Final = 100_000


def together(parts: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Run all parts at once; the results stand in the order of the parts."""
    results: dict[int, T] = {}
    alive: list[tuple[int, Steps[T], Sequence[Command]]] = []
    for index, part in enumerate(parts):
        try:
            alive.append((index, part, next(part)))
        except StopIteration as end:
            results[index] = end.value
    while alive:
        replies = yield [command for _, _, commands in alive for command in commands]
        alive = _advance(alive, replies, results)
    return [results[index] for index in range(len(parts))]


def _advance(
    alive: Sequence[tuple[int, Steps[T], Sequence[Command]]], replies: Sequence[Reply], results: dict[int, T]
) -> list[tuple[int, Steps[T], Sequence[Command]]]:
    """Hand each part its share of the replies; those with a further round stay."""
    left = []
    shares = split_replies(replies, [len(commands) for _, _, commands in alive])
    for (index, part, _), share in zip(alive, shares, strict=True):
        try:
            left.append((index, part, part.send(share)))
        except StopIteration as stop:
            results[index] = stop.value
    return left


def in_database(database: int, steps: Steps[T]) -> Steps[T]:
    """The same steps, in this database.

    Raises the `ReplyError` of a server that refuses to change over.
    """
    select: Command = ("SELECT", database)
    try:
        commands = next(steps)
        while True:
            changed, *replies = yield [select, *commands]
            if isinstance(changed, ReplyError):
                raise changed
            commands = steps.send(replies)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive(steps: Steps[T], exchange: Exchange) -> T:
    """Run the steps to their end; every round is one exchange, or several where it is very long."""
    try:
        commands = next(steps)
        while True:
            replies: list[Reply] = []
            for start in range(0, len(commands), MAX_COMMANDS):
                replies += await _exchange_part(commands, start, exchange)
            commands = steps.send(replies)
    except StopIteration as end:
        result: T = end.value
        return result


async def _exchange_part(commands: Sequence[Command], start: int, exchange: Exchange) -> Sequence[Reply]:
    """A share of a long round, in the database that the commands before it have selected."""
    part = commands[start : start + MAX_COMMANDS]
    before = [command for command in commands[:start] if command[0] == "SELECT"]
    if not before:
        return await exchange(part)
    return (await exchange([before[-1], *part]))[1:]


def guarded(steps: Steps[T], who: str) -> Steps[T | None]:
    """The same steps; a fault in them is logged and costs their result (None), not those of others."""
    try:
        return (yield from steps)
    except Exception:
        log.exception("queue framework failed", framework=who)
        return None
