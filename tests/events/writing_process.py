"""Writes events without end, and says after each flush how many are kept: `writing_process.py FILE FIRST`."""

import asyncio
import sys
from pathlib import Path

from tests.events.logs import NOW, event, open_log


async def write(path: Path, number: int) -> None:
    """Write until somebody kills us."""
    async with open_log(path) as log:
        while True:
            for _ in range(50):
                log.record(event(NOW - 1_000_000 + number, number=number))
                number += 1
            log.remember("cache-1", "last", number)
            if await log.flush():
                print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
