"""Requests that come in a crowd begin a few at a time, in order, and hold nothing else up."""

import asyncio
import time

from starlette.types import Message, Receive, Scope, Send

from exporter.web.turns import RequestTurns

CROWD = 500
WORK_SECONDS = 0.002


async def _receive() -> Message:
    return {"type": "http.disconnect"}


async def _send(_: Message) -> None:
    pass


class _Busy:
    """Works for a moment, as a page does between two looks at the clock."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun.append(scope["number"])
        time.sleep(WORK_SECONDS)  # noqa: ASYNC251  # it is the loop's time that is spent


def test_a_crowd_leaves_time_for_others_and_is_served_in_order() -> None:
    async def story() -> tuple[list[int], int]:
        busy = _Busy()
        turns = RequestTurns(busy)
        requests = [
            asyncio.create_task(turns({"type": "http", "number": number}, _receive, _send))
            for number in range(CROWD)
        ]
        rounds = 0
        while not all(request.done() for request in requests):
            rounds += 1
            await asyncio.sleep(0)
        return busy.begun, rounds

    begun, rounds = asyncio.run(story())
    assert begun == list(range(CROWD))
    # In one round all else would wait for a second.
    assert rounds >= CROWD / 10


def test_who_comes_alone_does_not_wait() -> None:
    async def story() -> list[int]:
        busy = _Busy()
        turns = RequestTurns(busy)
        for number in range(20):
            request = turns({"type": "http", "number": number}, _receive, _send)
            # Done in one step: nothing of it was put off.
            try:
                request.send(None)
            except StopIteration:
                pass
            else:
                raise AssertionError("it waits")
            await asyncio.sleep(0.001)
        return busy.begun

    assert asyncio.run(story()) == list(range(20))


def test_requests_that_are_given_up_while_they_wait_hold_nobody_up() -> None:
    async def story() -> list[int]:
        busy = _Busy()
        turns = RequestTurns(busy)
        requests = [
            asyncio.create_task(turns({"type": "http", "number": number}, _receive, _send))
            for number in range(100)
        ]
        await asyncio.sleep(0)
        for request in requests[50:]:
            request.cancel()
        last = asyncio.create_task(turns({"type": "http", "number": 100}, _receive, _send))
        await asyncio.wait_for(asyncio.gather(*requests, last, return_exceptions=True), 20)
        return busy.begun

    assert asyncio.run(story()) == [*range(50), 100]


def test_who_is_slow_to_take_its_answer_delays_nobody() -> None:
    async def story() -> None:
        taken = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["number"] < 50:
                await taken.wait()

        turns = RequestTurns(app)
        slow = [
            asyncio.create_task(turns({"type": "http", "number": number}, _receive, _send))
            for number in range(50)
        ]
        await asyncio.wait_for(turns({"type": "http", "number": 50}, _receive, _send), 20)
        assert not any(request.done() for request in slow)
        taken.set()
        await asyncio.gather(*slow)

    asyncio.run(story())
