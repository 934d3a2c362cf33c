"""Long computations in slices."""

import asyncio

from exporter.time_slice import TimeSlice, turns


def test_the_first_are_found_in_order_and_equal_ones_as_they_come() -> None:
    items = [(number * 7919 % 1_000, number) for number in range(5_000)]
    found = asyncio.run(TimeSlice().first(20, items, lambda item: item[0]))
    assert found == sorted(items, key=lambda item: item[0])[:20]


def test_fewer_than_wanted_are_all() -> None:
    assert asyncio.run(TimeSlice().first(9, [3, 1, 2], lambda item: item)) == [1, 2, 3]
    assert asyncio.run(TimeSlice().first(9, [], lambda item: item)) == []


def test_others_have_their_turn_meanwhile() -> None:
    turns = []

    async def other() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def main() -> None:
        task = asyncio.create_task(other())
        await TimeSlice().first(10, range(200_000), lambda item: -item)
        task.cancel()

    asyncio.run(main())
    assert len(turns) > 2


def test_one_of_all_goes_on_in_each_round_of_the_loop() -> None:
    rounds: list[list[str]] = [[]]

    async def work(name: str) -> None:
        for _ in range(3):
            await turns().take()
            rounds[-1].append(name)

    async def main() -> None:
        tasks = [asyncio.create_task(work(name)) for name in "abc"]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            rounds.append([])

    asyncio.run(main())
    taken = [names for names in rounds if names]
    assert all(len(names) == 1 for names in taken)
    assert "".join(name for (name,) in taken) == "abcabcabc"


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def forever() -> None:
        while True:
            await turns().take()

    async def main() -> None:
        tasks = [asyncio.create_task(forever()) for _ in range(4)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.wait_for(turns().take(), 5)

    asyncio.run(main())
