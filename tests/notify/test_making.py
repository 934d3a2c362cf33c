"""Messages whose templates take long are made behind others of their kind, and before nobody else."""

import asyncio
import threading
import time

import pytest

from exporter.notify import making
from exporter.notify.making import Making


def compute(seconds: float) -> str:
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass
    return threading.current_thread().name


def test_slow_ones_have_a_thread_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_SLOW_SECONDS", 0.01)
    under_way: list[int] = []
    most: list[int] = []

    def slow() -> None:
        under_way.append(1)
        most.append(len(under_way))
        compute(0.05)
        under_way.pop()

    async def run() -> float:
        making._threads.cache_clear()
        makings = [Making() for _ in range(12)]
        await asyncio.gather(*(one.run(slow) for one in makings))
        assert all(one.is_slow for one in makings)
        most.clear()
        waiting = [asyncio.create_task(one.run(slow)) for one in makings]
        await asyncio.sleep(0)
        began = time.monotonic()
        assert (await Making().run(compute, 0.0)).startswith("messages")
        took = time.monotonic() - began
        assert not all(task.done() for task in waiting)
        await asyncio.gather(*waiting)
        return took

    assert asyncio.run(run()) < 0.5
    assert max(most) == 1


def test_one_that_is_given_up_before_its_turn_is_not_made() -> None:
    made: list[str] = []

    async def run() -> None:
        making._threads.cache_clear()
        slow = Making()
        slow.is_slow = True
        first = asyncio.create_task(slow.run(compute, 0.3))
        second = Making()
        second.is_slow = True
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await second.run(made.append, "second")
        await first
        await slow.run(lambda: None)

    asyncio.run(run())
    assert made == []


def test_what_fails_is_raised_and_may_be_fast_again() -> None:
    async def run() -> None:
        one = Making()
        one.is_slow = True
        with pytest.raises(ZeroDivisionError):
            await one.run(lambda: 1 / 0)
        assert not one.is_slow

    asyncio.run(run())
