"""Long computations in slices."""

import asyncio

from exporter.time_slice import TimeSlice


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
