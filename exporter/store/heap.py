"""Gives memory that has been let go of back to the system."""

import ctypes
from functools import cache
from typing import Any


def malloc_trim() -> None:
    """Return the free pages of the C library's heap; does nothing where the library has no way to say so.

    Between the short-lived replies of servers lies history that stays, so that the heap shrinks at its end
    only seldom by itself.
    """
    trim = _find_malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _find_malloc_trim() -> Any:
    """glibc's `malloc_trim`; None with another C library."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
