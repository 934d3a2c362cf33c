"""An event loop that stands still is counted, and the log says where it stood."""

import asyncio
import io
import re
import sys
import threading
import time

import pytest
from prometheus_client import CollectorRegistry

from exporter.log import configure_logging
from exporter.loop_watch import LoopWatch, place_of, places_beside
from exporter.web.api_v1.cooperative import CooperativeTask

SECRET = "hunter2"


def _compute_for_long(password: str, seconds: float) -> int:
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        count += len(password)
    return count


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    return stream


def test_a_stall_is_counted_and_told_with_its_place(log: io.StringIO) -> None:
    registry = CollectorRegistry()

    async def story() -> None:
        watch = LoopWatch(registry)
        watch.start()
        await asyncio.sleep(0.4)
        _compute_for_long(SECRET, 1.5)
        deadline = time.monotonic() + 10
        while not registry.get_sample_value("redis_vigil_loop_stalls_total"):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        watch.stop()

    asyncio.run(story())
    # What the watch has not seen of it is at most its pause.
    assert (registry.get_sample_value("redis_vigil_loop_stall_seconds_total") or 0) >= 1.0
    assert (registry.get_sample_value("redis_vigil_loop_lag_seconds_count") or 0) >= 1
    (line,) = [one for one in log.getvalue().splitlines() if "the event loop stood still" in one]
    assert "test_loop_watch.py:" in line
    assert "_compute_for_long < " in line
    assert SECRET not in line


def test_stalls_are_told_once_a_minute_with_how_many_there_were(log: io.StringIO) -> None:
    now = [1000.0]
    watch = LoopWatch(CollectorRegistry(), lambda: now[0])
    for _ in range(50):
        watch.note(0.2, 0.2, "a.py:1 f")
        now[0] += 1
    now[0] += 60
    watch.note(0.3, 0.1, "")
    lines = log.getvalue().splitlines()
    assert len(lines) == 2
    assert "more_within_a_minute=0" in lines[0]
    assert "more_within_a_minute=49" in lines[1]
    assert "cpu_seconds=0.1" in lines[1]


def test_what_is_short_is_no_stall(log: io.StringIO) -> None:
    registry = CollectorRegistry()
    watch = LoopWatch(registry)
    watch.note(0.04, 0.04, "")
    assert registry.get_sample_value("redis_vigil_loop_stalls_total") == 0
    assert registry.get_sample_value("redis_vigil_loop_lag_seconds_bucket", {"le": "0.05"}) == 1
    assert log.getvalue() == ""


def test_a_place_names_files_lines_and_functions_only() -> None:
    def deep(levels: int) -> str:
        return deep(levels - 1) if levels else place_of(sys._current_frames()[threading.get_ident()])

    places = deep(40).split(" < ")
    assert len(places) == 12
    assert all(place.startswith(("test_loop_watch.py:", "loop_watch.py:")) for place in places)
    assert place_of(None) == ""


def test_the_watch_ends_with_its_loop(log: io.StringIO) -> None:
    async def story() -> None:
        LoopWatch(CollectorRegistry()).start()
        await asyncio.sleep(0)

    asyncio.run(story())
    deadline = time.monotonic() + 10
    while any(thread.name == "loop watch" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_threads_that_compute_are_told_and_those_that_wait_are_not() -> None:
    task, is_spinning, ended = CooperativeTask(), threading.Event(), False

    def spin(_: CooperativeTask) -> None:
        is_spinning.set()
        while not ended:
            pass

    computing = threading.Thread(target=task.run, args=(spin,), name="query_0")
    waiting = threading.Thread(target=task.run_slice, args=(0.005,), name="waits")
    computing.start()
    waiting.start()
    try:
        assert is_spinning.wait(10)
        time.sleep(0.05)
        found = places_beside(threading.get_ident())
    finally:
        ended = True
        computing.join()
        waiting.join()
    assert re.fullmatch(
        r"query_0: test_loop_watch\.py:\d+ spin < web/api_v1/cooperative\.py:\d+ run < .*", found
    )
