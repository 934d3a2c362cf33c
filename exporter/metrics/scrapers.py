"""Tells regular scrapers of a page apart, and what each of them has seen."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

_Key = TypeVar("_Key", bound=Hashable)

# The assumed interval of a scraper that has come once: the default of Prometheus is a minute.
_USUAL_SECONDS: Final = 60.0
# A scraper that does not come for so many intervals is gone.
_PATIENCE: Final = 2.0
# The longest wait: scrapers that come more rarely may miss a beginning.
_MAX_WAIT_SECONDS: Final = 120.0
_MAX_SCRAPERS: Final = 64
_MAX_CONNECTIONS: Final = 256


@dataclass(slots=True)
class _Scraper:
    """Times of one scraper: its last visit, the one before, and the longest of the last intervals.

    Monotonic seconds. `is_crowd`: requests that came over connections of their own, maybe of several scrapers
    that look alike.
    """

    last: float
    is_crowd: bool
    before: float | None = None
    interval: float = 0.0

    def come(self, now: float) -> None:
        """Note a visit."""
        newest = now - self.last
        older = self.last - self.before if self.before is not None else newest
        self.before, self.last = self.last, now
        self.interval = max(newest, older)

    def is_awaited(self, visit: float, now: float) -> bool:
        """Whether it comes regularly, its last visit having been at `visit`."""
        return now - visit <= _PATIENCE * (self.interval or _USUAL_SECONDS / _PATIENCE)

    def has_come(self, visit: float, since: float, now: float) -> bool:
        """Whether all that it stands for have come since then, its last visit having been at `visit`."""
        return visit >= since and not (self.is_crowd and now - since < 2 * self.interval)


class Scrapers:
    """The scrapers of one page.

    One that keeps its connection, as Prometheus does, is known by that. Others are told apart by their host
    and user agent; where several look alike, two of their intervals are taken for each one's.
    """

    def __init__(self) -> None:
        self.now = float("-inf")
        self._current: _Scraper | None = None
        self._scrapers: dict[tuple[str, str], _Scraper] = {}
        # The time of the first request of each connection.
        self._connections: dict[tuple[str, int], float] = {}

    def note(self, host: str, port: int, agent: str, now: float) -> None:
        """Note a request (monotonic seconds)."""
        self.now = now
        crowd, alone = (host, agent), (host, f":{port}")
        first = self._connections.get((host, port))
        if first is None:
            self._connections[host, port] = now
            _bound(self._connections, _MAX_CONNECTIONS)
            key = crowd
        else:
            key = alone
            if alone not in self._scrapers:
                self._scrapers[alone] = _Scraper(first, is_crowd=False)
                found = self._scrapers.get(crowd)
                if found is not None and found.last == first and found.before is None:
                    # Its only request was the first of this connection.
                    del self._scrapers[crowd]
        self._current = self._come(key, now, is_crowd=key is crowd)

    def _come(self, key: tuple[str, str], now: float, *, is_crowd: bool) -> _Scraper:
        # Put at the end: the dictionary is in order of the last visit.
        scraper = self._scrapers.pop(key, None)
        if scraper is None:
            scraper = _Scraper(now, is_crowd)
        else:
            scraper.come(now)
        self._scrapers[key] = scraper
        _bound(self._scrapers, _MAX_SCRAPERS)
        return scraper

    @property
    def are_regular(self) -> bool:
        """Whether any scraper that is expected again has seen the page before this request."""
        return any(True for _ in self._awaited())

    def have_seen(self, since: float) -> bool:
        """Whether all regular scrapers have seen, before this request, what the page showed since then."""
        if self.now - since >= _MAX_WAIT_SECONDS:
            return True
        return all(scraper.has_come(visit, since, self.now) for scraper, visit in self._awaited())

    def _awaited(self) -> Iterator[tuple[_Scraper, float]]:
        """Yield the regular scrapers, with their last visits before this request."""
        for scraper in self._scrapers.values():
            visit = scraper.before if scraper is self._current else scraper.last
            if visit is not None and scraper.is_awaited(visit, self.now):
                yield scraper, visit


def _bound(kept: dict[_Key, Any], limit: int) -> None:
    """Drop the oldest entries above the limit."""
    while len(kept) > limit:
        del kept[next(iter(kept))]
