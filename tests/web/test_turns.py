"""Long computations take turns with the event loop, and nothing else runs during a turn."""

import asyncio
import threading

import pytest

from exporter.errors import QueryError
from exporter.web.api_v1 import turns
from exporter.web.api_v1.turns import AbandonedError, Turns, TurnTaker


@pytest.fixture(autouse=True)
def _shortest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)


def test_the_event_loop_runs_between_turns() -> None:
    seen: list[str] = []

    def compute(taken: Turns) -> str:
        for _ in range(3):
            seen.append("computation")
            taken.give_way()
        return "result"

    async def others() -> None:
        while True:
            seen.append("others")
            await asyncio.sleep(0)

    async def main() -> str:
        task = asyncio.create_task(others())
        result = await TurnTaker().run(compute)
        task.cancel()
        return result

    assert asyncio.run(main()) == "result"
    assert seen[:6] == ["computation", "others", "computation", "others", "computation", "others"]
    assert seen.count("computation") == 3


def test_the_computation_runs_in_another_thread_and_alone() -> None:
    inside = False

    def compute(taken: Turns) -> int:
        nonlocal inside
        for _ in range(50):
            inside = True
            for _ in range(1000):
                pass
            inside = False
            taken.give_way()
        return threading.get_ident()

    async def main() -> list[int]:
        taker = TurnTaker()
        computations = [asyncio.create_task(taker.run(compute)) for _ in range(3)]
        while not all(task.done() for task in computations):
            assert not inside
            await asyncio.sleep(0)
        return [task.result() for task in computations]

    assert threading.get_ident() not in asyncio.run(main())


def test_what_it_raises_is_raised() -> None:
    def compute(taken: Turns) -> None:
        taken.give_way()
        raise QueryError("no")

    with pytest.raises(QueryError, match=r"^no$"):
        asyncio.run(TurnTaker().run(compute))


def test_more_than_there_is_room_for_wait() -> None:
    running = most = 0

    def compute(taken: Turns) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            taken.give_way()
        running -= 1

    async def main() -> None:
        taker = TurnTaker()
        await asyncio.gather(*(taker.run(compute) for _ in range(30)))

    asyncio.run(main())
    assert most == turns.AT_ONCE


def test_a_computation_that_nobody_waits_for_ends() -> None:
    ended = threading.Event()

    def compute(taken: Turns) -> None:
        try:
            while True:
                taken.give_way()
        except AbandonedError:
            ended.set()
            raise

    async def main() -> None:
        task = asyncio.create_task(TurnTaker().run(compute))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended.wait(10)


def test_at_the_end_of_the_daemon_everything_fails() -> None:
    def compute(taken: Turns) -> None:
        while True:
            taken.give_way()

    async def main() -> list[BaseException | None]:
        taker = TurnTaker()
        tasks = [asyncio.create_task(taker.run(compute)) for _ in range(2 * turns.AT_ONCE)]
        await asyncio.sleep(0)
        taker.close()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert {str(error) for error in asyncio.run(main())} == {"the daemon is stopping"}
