"""Gives memory that has been let go of back to the system."""

import ctypes
from functools import cache
from typing import Any


def malloc_trim() -> None:
    """Return free pages of the heap to the system, where the C library can.

    Long-lived samples fragment the heap, so glibc rarely returns memory by itself.
    """
    trim = _find_malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _find_malloc_trim() -> Any:
    """Return the `malloc_trim` of glibc; None with another C library."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
