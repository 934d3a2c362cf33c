"""Killed again and again in the middle of a storm: nothing is lost, and next to nothing doubled."""

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

ALERTS = 240
SECONDS = 6.0
# More of them by hand: VIGIL_KILLS=50.
KILLS = int(os.environ.get("VIGIL_KILLS", "5"))
# How many messages are under way at most, and so how many a kill can double; the daemon has 32.
CONCURRENCY = int(os.environ.get("VIGIL_CONCURRENCY", "1"))
SCRIPT = Path(__file__).with_name("storm_process.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


class Receiver:
    """Counts what it is told; takes a moment to answer, so that a kill finds messages under way."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                size = int(head.split("content-length: ")[1].split("\r\n")[0])
                body = await reader.readexactly(size)
                self.told.update(json.loads(body))
                await asyncio.sleep(0.002)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def storm(directory: Path, rng: random.Random) -> Receiver:
    """What the receiver was told over all kills."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    seconds = SECONDS * max(1.0, KILLS / 5)
    arguments = [
        str(directory / "vigil.db"),
        url,
        str(time.time()),
        str(ALERTS),
        str(seconds),
        str(CONCURRENCY),
    ]
    for _ in range(KILLS):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), *arguments, env=ENVIRONMENT
        )
        # Long enough to start up, sometimes only just.
        await asyncio.sleep(rng.uniform(0.8, 1.6))
        process.kill()
        await process.wait()
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), *arguments, env=ENVIRONMENT)
    for _ in range(600):
        if len(receiver.told) == ALERTS:
            break
        await asyncio.sleep(0.05)
    # Time to make a mistake.
    await asyncio.sleep(1.5)
    process.kill()
    await process.wait()
    server.close()
    return receiver


def test_kill_minus_nine(tmp_path: Path) -> None:
    receiver = asyncio.run(storm(tmp_path, random.Random(11)))
    missing = [number for number in range(ALERTS) if str(number) not in receiver.told]
    assert missing == []
    doubled = sum(count - 1 for count in receiver.told.values())
    print(f"{KILLS} kills, {doubled} doubled")
    assert doubled <= KILLS * CONCURRENCY
