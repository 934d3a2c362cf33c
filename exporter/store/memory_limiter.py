"""Evicts samples when the store outgrows its memory limit, those that no rule reads first."""

from collections.abc import Callable, Generator, Iterator
from typing import Final

from exporter.log import get_logger
from exporter.store.series_group import SeriesGroup
from exporter.store.store import Store

# Ratios to the limit: above HIGH samples are evicted until it is reached; below LOW retentions grow again.
_HIGH: Final = 0.9
_LOW: Final = 0.7
_SHORTER: Final = 0.8
_LONGER: Final = 1.1
# Below this ratio the store is measured once a minute only, since measuring takes long.
_PLENTY: Final = 0.5
_MEASURE_MS: Final = 60_000
# The look-back of instant queries is never evicted.
_SHORTEST_MS: Final = 300_000

_log = get_logger(__name__)


class MemoryLimiter:
    """Bounds the memory of a store to `limit_bytes`.

    `required_retention_ms` is how long the samples are kept that rules read; `other_retention_ms` how long
    all others are: those of other series, and those older than rules look back. Both are the retention of
    the store while memory suffices. `evicted_samples` counts what was dropped before its retention.
    """

    def __init__(self, store: Store, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.other_retention_ms = store.retention_ms
        self.required_retention_ms = store.retention_ms
        self.evicted_samples = 0
        self._store = store
        self._is_short = False
        self._used_bytes: int | None = None
        self._measured_at_ms = 0

    def change(self, limit_bytes: int, retention_ms: int) -> None:
        """Set another limit, and another retention of the store; both hold with the next `enforce`."""
        before, self._store.retention_ms = self._store.retention_ms, retention_ms
        self.other_retention_ms = (
            retention_ms if self.other_retention_ms >= before else min(self.other_retention_ms, retention_ms)
        )
        self.required_retention_ms = (
            retention_ms
            if self.required_retention_ms >= before
            else min(self.required_retention_ms, retention_ms)
        )
        self.limit_bytes = limit_bytes
        self._measured_at_ms = 0

    @property
    def used_bytes(self) -> int:
        """How much the store held when `enforce` last measured it."""
        if self._used_bytes is None:
            self._used_bytes = self._store.bytes
        return self._used_bytes

    def enforce(self, now_ms: int) -> Iterator[None]:
        """Evict samples while the store is above its limit (`now_ms` in milliseconds).

        A generator of small steps: the caller does other things between two of them.
        """
        if self._has_plenty and 0 <= now_ms - self._measured_at_ms < _MEASURE_MS:
            return
        self._measured_at_ms = now_ms
        fill = yield from self._measure()
        if fill < _LOW:
            self._lengthen()
        if self.other_retention_ms < self._store.retention_ms:
            yield from self._apply(now_ms)
            fill = yield from self._measure()
        while fill > _HIGH and self._shorten():
            yield from self._apply(now_ms)
            fill = yield from self._measure()
        self._tell()

    @property
    def _has_plenty(self) -> bool:
        """Whether nothing had to be evicted, and nothing will have to be soon."""
        is_whole = self.other_retention_ms >= self._store.retention_ms
        return is_whole and self._used_bytes is not None and self.used_bytes < self.limit_bytes * _PLENTY

    def _measure(self) -> Generator[None, None, float]:
        """Measure the store; returns its ratio to the limit."""
        self._used_bytes = yield from self._store.measure()
        return self._used_bytes / self.limit_bytes

    def _shorten(self) -> bool:
        """Shorten the retentions; False where they are as short as they may be."""
        if self.other_retention_ms > _SHORTEST_MS:
            self.other_retention_ms = max(_SHORTEST_MS, int(self.other_retention_ms * _SHORTER))
        elif self.required_retention_ms > _SHORTEST_MS:
            self.required_retention_ms = max(_SHORTEST_MS, int(self.required_retention_ms * _SHORTER))
        else:
            return False
        return True

    def _lengthen(self) -> None:
        retention = self._store.retention_ms
        if self.required_retention_ms < retention:
            self.required_retention_ms = min(retention, int(self.required_retention_ms * _LONGER))
        else:
            self.other_retention_ms = min(retention, int(self.other_retention_ms * _LONGER))

    def _apply(self, now_ms: int) -> Iterator[None]:
        yield from self._each(lambda group: self._store.evict_group(group, now_ms, self.other_retention_ms))
        if self.required_retention_ms < self._store.retention_ms:
            yield from self._each(
                lambda group: self._store.trim_group(group, now_ms - self.required_retention_ms)
            )

    def _each(self, work: Callable[[SeriesGroup], None]) -> Iterator[None]:
        for group in list(self._store.groups):
            before = group.changes
            work(group)
            self.evicted_samples += before - group.changes
            yield

    def _tell(self) -> None:
        """Log when memory becomes short, and when it no longer is."""
        is_short = self.other_retention_ms < self._store.retention_ms
        if is_short != self._is_short:
            self._is_short = is_short
            if is_short:
                _log.warning(
                    "memory for samples is short, dropping history",
                    limit_bytes=self.limit_bytes,
                    spare_seconds=self.other_retention_ms // 1000,
                    kept_seconds=self.required_retention_ms // 1000,
                )
            else:
                _log.info("memory for samples suffices again")
