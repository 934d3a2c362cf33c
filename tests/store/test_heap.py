"""Memory goes back to the system."""

from pathlib import Path

import pytest

from exporter.store.heap import _find_malloc_trim, malloc_trim

_STATUS = Path("/proc/self/statm")


def _resident_pages() -> int:
    return int(_STATUS.read_text().split()[1])


@pytest.mark.skipif(_find_malloc_trim() is None or not _STATUS.exists(), reason="not glibc on Linux")
def test_free_pages_between_what_stays_are_given_back() -> None:
    # Every hundredth stays, and pins the end of the heap.
    groups = [bytes(2000) for _ in range(40_000)]
    stays = groups[::100]
    full = _resident_pages()
    del groups
    malloc_trim()
    assert full - _resident_pages() > 5_000
    assert len(stays) == 400
