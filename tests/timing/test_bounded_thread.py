"""Work that hangs is waited for until its deadline, and holds up nobody else."""

import asyncio
import threading

import pytest

from exporter.timing.bounded_thread import BoundedThread


def test_the_outcome_of_work_comes_back() -> None:
    async def story() -> None:
        thread = BoundedThread("test")
        assert await thread.run(lambda: 7, 5) == 7
        with pytest.raises(ZeroDivisionError):
            await thread.run(lambda: 1 / 0, 5)
        assert await thread.run(threading.current_thread, 5) is await thread.run(threading.current_thread, 5)
        thread.shutdown()

    asyncio.run(story())


def test_what_hangs_is_told_to_end_and_all_else_fails_at_once_until_it_has() -> None:
    async def story() -> None:
        released = threading.Event()
        late: list[str] = []
        done: list[str] = []
        thread = BoundedThread("test", lambda: late.append("late"))
        with pytest.raises(TimeoutError):
            await thread.run(released.wait, 0.05)
        assert late == ["late"]
        with pytest.raises(TimeoutError):
            await thread.run(lambda: done.append("never"), 60)
        released.set()
        async with asyncio.timeout(30):
            while True:
                try:
                    await thread.run(lambda: done.append("again"), 30)
                    break
                except TimeoutError:
                    await asyncio.sleep(0.01)
        assert done == ["again"]
        thread.shutdown()
        with pytest.raises(TimeoutError, match="closed"):
            await thread.run(lambda: None, 30)

    asyncio.run(story())
