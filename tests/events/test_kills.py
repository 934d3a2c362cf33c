"""A daemon that is killed while it writes loses nothing that was written, and no file."""

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

from exporter.events import EventQuery
from exporter.events.opening import open_to_read
from exporter.events.rows import read_all
from tests.events.logs import open_log

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("writing_process.py")


def write_and_kill(path: Path, first: int, seconds: float) -> int:
    """Returns how many events were said to be kept."""
    command = [sys.executable, str(PROGRAM), str(path), str(first)]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        rest = process.stdout.read().splitlines()
    # The last line may be torn.
    whole = [line for line in [said.strip(), *rest] if line.isdigit()]
    return int(whole[-2] if len(whole) > 1 else whole[-1])


def test_what_was_written_is_there_after_kills_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    draw = random.Random(7)
    kept = 0
    for _ in range(5):
        kept = write_and_kill(path, kept, draw.uniform(0.0, 0.3))
        # Also for whoever reads the directory of a dead daemon.
        file = open_to_read(path)
        numbers = {one.fields["number"] for one in read_all(file, EventQuery(limit=1_000_000))}
        file.close()
        assert numbers >= set(range(kept))

    async def reopen() -> None:
        async with open_log(path) as log:
            assert log.known("cache-1", "last") >= kept
            assert (await log.read(EventQuery(limit=1))).events

    asyncio.run(reopen())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["events.db"]
