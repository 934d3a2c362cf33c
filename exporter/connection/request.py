"""A request: packed commands and the replies received so far."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from exporter.errors import ReplyError, TargetError

# What a reply can be: a nested list, bytes, an integer, nothing, or the error of that one command.
Reply = Any


class Request:
    """Packed commands, and the `count` replies as they come.

    An `exclusive` request shares its round trip with no other. `on_done` is called once, with the error if
    there is one. `seconds` is the time from sending the commands to the arrival of the last reply.
    """

    __slots__ = ("_on_done", "_timer", "count", "exclusive", "payload", "replies", "seconds")

    def __init__(
        self,
        payload: bytes,
        count: int,
        on_done: Callable[[TargetError | None], None],
        *,
        exclusive: bool = False,
    ) -> None:
        self.payload = payload
        self.count = count
        self.exclusive = exclusive
        self.replies: list[Reply] = []
        self.seconds = 0.0
        self._on_done: Callable[[TargetError | None], None] | None = on_done
        self._timer: asyncio.TimerHandle | None = None

    def set_timeout(self, seconds: float, on_timeout: Callable[["Request"], None]) -> None:
        """Call `on_timeout` after `seconds` unless the request is done by then."""
        self._timer = asyncio.get_running_loop().call_later(seconds, on_timeout, self)

    def finish(self, error: TargetError | None = None) -> None:
        """Report that the replies are complete, or will never be."""
        on_done, self._on_done = self._on_done, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if on_done is not None:
            on_done(error)


def value_of(reply: Reply) -> Reply:
    """Return a reply; raises the `ReplyError` that it is."""
    if isinstance(reply, ReplyError):
        # A copy, since the reply is a local of the frames that the error passes through.
        raise reply.copy()
    return reply


def split_replies(replies: Sequence[Reply], counts: Iterable[int]) -> Iterator[Sequence[Reply]]:
    """Yield each party's part of the replies to a shared round trip, by how many commands each has sent."""
    start = 0
    for count in counts:
        yield replies[start : start + count]
        start += count
