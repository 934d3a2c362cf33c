"""What changes is followed, also after a fault."""

import asyncio

import pytest

from exporter.following import Following


def test_a_fault_is_told_and_the_next_change_is_followed(caplog: pytest.LogCaptureFixture) -> None:
    followed: list[int] = []

    async def follow() -> None:
        followed.append(len(followed))
        if len(followed) == 1:
            raise UnicodeError("a name that cannot be written")

    async def run() -> None:
        following = Following(asyncio.Lock(), follow, lambda: None)
        for _ in range(2):
            following.note()
            while following.is_busy:  # noqa: ASYNC110  # it ends after one or two rounds of the loop
                await asyncio.sleep(0)

    asyncio.run(run())
    assert followed == [0, 1]
    assert [record.getMessage() for record in caplog.records] == ["what has changed could not be followed"]
