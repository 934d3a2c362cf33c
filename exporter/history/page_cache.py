"""Keeps what was decoded lately: what is asked for again and again is read from disk once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


class PageCache:
    """Decoded pages, the latest used last; safe for several threads. `bytes` is about what they take.

    One that takes nearly all the room is kept, too: the index of a block with thousands of sources is asked
    for once per source, and decoding it each time would take longer than all else.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable, load: Callable[[], tuple[_T, int]]) -> _T:
        """Return a page, and about how many bytes it takes where it has to be loaded."""
        with self._lock:
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
                page: _T = found[0]
                return page
        loaded, size = load()
        self._keep(key, loaded, size)
        return loaded

    def _keep(self, key: Hashable, page: object, size: int) -> None:
        with self._lock:
            if key in self._pages or size > self._max_bytes:
                return
            self._pages[key] = page, size
            self.bytes += size
            while self.bytes > self._max_bytes:
                _, (_, freed) = self._pages.popitem(last=False)
                self.bytes -= freed


_PAGES_BYTES: Final = 16 << 20
_SCHEMAS_BYTES: Final = 64 << 20


def _for_pages() -> PageCache:
    return PageCache(_PAGES_BYTES)


def _for_schemas() -> PageCache:
    return PageCache(_SCHEMAS_BYTES)


@dataclass(frozen=True, slots=True)
class BlockCache:
    """What the blocks of a directory keep together: pages of each, and the schemas that they share.

    A query looks through the schemas of all sources in turn: where they have not all their place, none is
    found again. Each server has about three of its own, of some kilobytes each.
    """

    pages: PageCache = field(default_factory=_for_pages)
    schemas: PageCache = field(default_factory=_for_schemas)
