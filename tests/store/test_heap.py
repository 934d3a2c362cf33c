"""Memory goes back to the system, and threads share it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.store.heap import _function, malloc_trim

_STATUS = Path("/proc/self/statm")


def _resident_pages() -> int:
    return int(_STATUS.read_text().split()[1])


# Threads that allocate while all others hold what they have, so that none can take over another's heap.
_THREADS = """
import ctypes, sys, threading
from exporter.store.heap import share_one_heap
if sys.argv[1] == "shared":
    share_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
everybody = threading.Barrier(4)
def allocate():
    libc.malloc(1000)
    everybody.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_stats()
"""
_is_glibc = pytest.mark.skipif(
    _function("malloc_trim") is None or not _STATUS.exists(), reason="not glibc on Linux"
)


@_is_glibc
def test_free_pages_between_what_stays_are_given_back() -> None:
    # Every hundredth stays, and pins the end of the heap.
    groups = [bytes(2000) for _ in range(40_000)]
    stays = groups[::100]
    full = _resident_pages()
    del groups
    malloc_trim()
    assert full - _resident_pages() > 5_000
    assert len(stays) == 400


def _heaps(how: str, **environment: str) -> int:
    """How many heaps a process with four threads has."""
    environ = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    process = subprocess.run(
        [sys.executable, "-c", _THREADS, how],
        env=environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stderr.count("Arena ")


@_is_glibc
def test_threads_share_one_heap() -> None:
    assert _heaps("apart") > 1
    assert _heaps("shared") == 1


@_is_glibc
def test_the_environment_counts_where_it_says_how_many() -> None:
    assert _heaps("shared", MALLOC_ARENA_MAX="2") == 2
