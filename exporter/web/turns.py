"""Turns of requests: a crowd of them is begun a few at a time, so that sampling goes on in between."""

import asyncio
from collections import deque
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

# The event loop serves everything that is ready once per round. A request takes some milliseconds of a round,
# so a thousand that come at once would make it last for seconds, in which no server's reply is read.
_STARTS_PER_ROUND: Final = 8


class RequestTurns:
    """An application whose requests begin in the order in which they come, a few in each round of the loop.

    Nobody waits where there are fewer, and nobody for who is slow to take an answer: only beginnings are
    counted, not what is under way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._started = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request when it is its turn."""
        await self._take_turn()
        await self._app(scope, receive, send)

    async def _take_turn(self) -> None:
        loop = asyncio.get_running_loop()
        if self._started == 0:
            loop.call_soon(self._begin_round)
        if self._started < _STARTS_PER_ROUND and not self._waiting:
            self._started += 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _begin_round(self) -> None:
        self._started = 0
        while self._waiting and self._started < _STARTS_PER_ROUND:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._started += 1
        if self._started:
            asyncio.get_running_loop().call_soon(self._begin_round)
