"""Keeps the process small: gives back memory that was let go of, and lets threads share one heap."""

import ctypes
import os
from functools import cache
from typing import Any, Final

# `M_ARENA_MAX` of malloc.h.
_ARENA_MAX: Final = -8


def malloc_trim() -> None:
    """Return free pages of the heap to the system, where the C library can.

    Long-lived samples fragment the heap, so glibc rarely returns memory by itself.
    """
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def share_one_heap() -> None:
    """Let all threads allocate from one heap, where the C library is told how many it may have.

    glibc gives threads heaps of their own, up to eight for each core. What queries, compaction and
    compression take for a moment, each time in another thread, stays in all of these, fragmented. Python's
    threads rarely allocate at the same time, so they wait for nobody. To be called before there are threads;
    `MALLOC_ARENA_MAX` of the environment counts where it is set.
    """
    mallopt = _function("mallopt")
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_ARENA_MAX, 1)


@cache
def _function(name: str) -> Any:
    """Return a function of glibc; None with another C library."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
