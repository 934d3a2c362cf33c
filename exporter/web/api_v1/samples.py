"""The samples that requests list: those in memory, and those on disk where they ask for older ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from exporter.history.source import HistorySource
from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries
from exporter.store import Store

Find = Callable[[Sequence[Matcher], Callable[[int], None]], Iterable[ReadableSeries]]
"""Finds the series that satisfy all matchers; the same labels may come twice. The other argument is called
now and then, when others may run, with the number of series that were found and are held."""


class Samples:
    """The samples of a store, and of the history, where there is one."""

    def __init__(self, store: Store, history: HistorySource | None = None) -> None:
        self.store = store
        self._history = history

    @contextmanager
    def between(self, start_ms: int, end_ms: int) -> Iterator[Find]:
        """Read what there is in [start, end], in milliseconds."""
        view = None if self._history is None else self._history.between(start_ms - 1, end_ms)
        if view is None:
            # One by one: none of them is held.
            yield lambda matchers, check: self.store.find(matchers, lambda _: check(0))
            return
        try:
            yield view.select
        finally:
            view.close()
