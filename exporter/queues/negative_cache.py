"""Looks into the frameworks' indexes that come to nothing, as they do on most servers, made cheap.

What frameworks make of the replies depends on nothing but these and the names of connections. So a look that
found nothing, with just one round, is remembered; as long as the server answers it the same, nobody is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.connection import Command, Reply
from exporter.queues.base import Found
from exporter.queues.clients import ClientNames
from exporter.queues.steps import Steps


@dataclass(frozen=True, slots=True)
class _Lookup:
    commands: Sequence[Command]
    replies: Sequence[Reply]
    names: tuple[str, ...] | None


class NegativeCache:
    """The last look into the indexes of one database, if it found nothing."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: _Lookup | None = None

    def repeat(
        self, look: Callable[[], Steps[Sequence[Found]]], clients: ClientNames
    ) -> Steps[Sequence[Found]]:
        """Return what `look` finds; as long as that is nothing, its questions are asked without it."""
        last = self._last
        if last is not None:
            replies = yield last.commands
            if replies == last.replies and clients.names == last.names:
                return ()
        self._last = None
        rounds: list[tuple[Sequence[Command], Sequence[Reply]]] = []
        found = yield from _noted(look(), rounds)
        if not found and len(rounds) == 1:
            self._last = _Lookup(*rounds[0], clients.names)
        return found


def _noted(
    steps: Steps[Sequence[Found]], rounds: list[tuple[Sequence[Command], Sequence[Reply]]]
) -> Steps[Sequence[Found]]:
    """The same steps; their rounds are noted."""
    try:
        commands = next(steps)
        while True:
            replies = yield commands
            rounds.append((commands, replies))
            commands = steps.send(replies)
    except StopIteration as end:
        found: Sequence[Found] = end.value
        return found
