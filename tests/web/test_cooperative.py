"""Long computations run in time slices, during which nothing else runs."""

import asyncio
import threading

import pytest

from exporter.errors import QueryCancelledError, QueryError
from exporter.web.api_v1 import cooperative
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask


@pytest.fixture(autouse=True)
def _shortest_time_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooperative, "TIME_SLICE_SECONDS", 0.0)


def test_the_event_loop_runs_between_time_slices() -> None:
    seen: list[str] = []

    def compute(task: CooperativeTask) -> str:
        for _ in range(3):
            seen.append("computation")
            task.yield_control()
        return "result"

    async def others() -> None:
        while True:
            seen.append("others")
            await asyncio.sleep(0)

    async def main() -> str:
        task = asyncio.create_task(others())
        result = await CooperativeExecutor().run(compute)
        task.cancel()
        return result

    assert asyncio.run(main()) == "result"
    assert seen[:6] == ["computation", "others", "computation", "others", "computation", "others"]
    assert seen.count("computation") == 3


def test_the_computation_runs_in_another_thread_and_alone() -> None:
    inside = False

    def compute(task: CooperativeTask) -> int:
        nonlocal inside
        for _ in range(50):
            inside = True
            for _ in range(1000):
                pass
            inside = False
            task.yield_control()
        return threading.get_ident()

    async def main() -> list[int]:
        executor = CooperativeExecutor()
        computations = [asyncio.create_task(executor.run(compute)) for _ in range(3)]
        while not all(task.done() for task in computations):
            assert not inside
            await asyncio.sleep(0)
        return [task.result() for task in computations]

    assert threading.get_ident() not in asyncio.run(main())


def test_what_it_raises_is_raised() -> None:
    def compute(task: CooperativeTask) -> None:
        task.yield_control()
        raise QueryError("no")

    with pytest.raises(QueryError, match=r"^no$"):
        asyncio.run(CooperativeExecutor().run(compute))


def test_more_than_there_is_room_for_wait() -> None:
    running = most = 0

    def compute(task: CooperativeTask) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            task.yield_control()
        running -= 1

    async def main() -> None:
        executor = CooperativeExecutor()
        await asyncio.gather(*(executor.run(compute) for _ in range(30)))

    asyncio.run(main())
    assert most == cooperative.MAX_CONCURRENCY


def test_a_computation_that_nobody_waits_for_ends() -> None:
    ended = threading.Event()

    def compute(task: CooperativeTask) -> None:
        try:
            while True:
                task.yield_control()
        except QueryCancelledError:
            ended.set()
            raise

    async def main() -> None:
        task = asyncio.create_task(CooperativeExecutor().run(compute))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended.wait(10)


def test_at_the_end_of_the_daemon_everything_fails() -> None:
    def compute(task: CooperativeTask) -> None:
        while True:
            task.yield_control()

    async def main() -> list[BaseException | None]:
        executor = CooperativeExecutor()
        tasks = [asyncio.create_task(executor.run(compute)) for _ in range(2 * cooperative.MAX_CONCURRENCY)]
        await asyncio.sleep(0)
        executor.close()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert {str(error) for error in asyncio.run(main())} == {"the daemon is stopping"}
