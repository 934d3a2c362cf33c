"""A run is one evaluation of a query, with its steps, its limits and its annotations."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from exporter.errors import QueryError
from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries
from exporter.promql.annotations import Annotations
from exporter.promql.limits import Limits
from exporter.promql.memory import SAMPLE_BYTES, SERIES_BYTES, VALUE_BYTES, MemoryAccount
from exporter.promql.pieces import PIECE, PacedValues, map_pieces, pieces, sort_pieces
from exporter.promql.source import Horizon, Pace, SeriesSource, View
from exporter.promql.syntax.nodes import Edge

# Samples that are looked at between two checks: less than a millisecond.
_CHECK_EVERY = 1_000
# Characters of text that count as one sample.
_TEXT_SAMPLE = 32
_T = TypeVar("_T")


class Run:
    """The state that the operators of a plan share while they run.

    `start_ms` and `end_ms` are the first and last step of the query. The step after the one that is being
    evaluated comes `step_ms` later, up to `last_step_ms` (0: none comes). `memory` is where operators keep
    what they have found for the rest of the run. `samples` counts the temporary samples of one evaluation,
    `retained` those of the result and of later evaluations, `prefetched` the values that were computed for
    later ones, `remembered` the series that the plan keeps for the next run. At its `pace` the run yields
    control, and the source may change; from then on it reads what there was when it first did so. The source
    is a `view` where it was made for this run only.
    """

    def __init__(
        self,
        source: SeriesSource,
        text: str,
        start_ms: int,
        end_ms: int,
        *,
        limits: Limits,
        lookback_ms: int,
        default_step_ms: int,
        step_ms: int = 0,
        pace: Pace | None = None,
        account: MemoryAccount | None = None,
        view: View | None = None,
    ) -> None:
        self.source = source
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.limits = limits
        self.lookback_ms = lookback_ms
        self.default_step_ms = default_step_ms
        self.step_ms = step_ms
        self.last_step_ms = end_ms
        self.annotations = Annotations(text, limits.annotations)
        self.memory: dict[object, Any] = {}
        self.samples = 0
        self.retained = 0
        self.remembered = 0
        self.prefetched = 0
        self._work = 0
        self._pace = pace
        self._account = account
        self._view = view
        self._selected = 0
        self._horizon: Horizon | None = None
        self._deadline = time.monotonic() + limits.timeout_seconds

    def reference_ms(self, at_ms: int, fixed: int | Edge | None, offset_ms: int) -> int:
        """Return the time that a selector with these modifiers reads at, when evaluated at `at_ms`."""
        if fixed is None:
            return at_ms - offset_ms
        if isinstance(fixed, int):
            return fixed - offset_ms
        return (self.start_ms if fixed is Edge.START else self.end_ms) - offset_ms

    def check(self) -> None:
        """Yield control, and raise `QueryError` if the time is up or memory is short."""
        if self._account is not None:
            samples = (self.samples + self.retained) * SAMPLE_BYTES + self.prefetched * VALUE_BYTES
            held_bytes = 0 if self._view is None else self._view.held_bytes
            self._account.set_used(samples + self._selected * SERIES_BYTES + held_bytes)
        self.yield_control()
        if self._horizon is not None and not self._horizon.holds:
            raise QueryError("the clock was set while the query ran: ask again")
        if time.monotonic() > self._deadline:
            raise QueryError(f"query timed out after {self.limits.timeout_seconds:g} s")

    def select(self, matchers: Sequence[Matcher]) -> Sequence[ReadableSeries]:
        """Return the series that satisfy all matchers; the same until the end, once control was yielded."""
        if self._horizon is None:
            return self.source.select(matchers, self._count_selected)
        key = tuple(matchers)
        found: Sequence[ReadableSeries] | None = self.memory.get(key)
        if found is None:
            found = self.memory[key] = self._horizon.select(matchers, self._count_selected)
        return found

    def _count_selected(self, series: int) -> None:
        self._selected += series
        self.check()

    def bound(self, series: ReadableSeries) -> ReadableSeries:
        """Return a series as it is to be read now."""
        return series if self._horizon is None else self._horizon.bound(series)

    def read(self, series: Sequence[ReadableSeries]) -> Iterator[Sequence[ReadableSeries]]:
        """Yield series piece by piece, as they are to be read now; yields control in between."""
        for piece in self.pieces(series):
            yield piece if self._horizon is None else list(map(self._horizon.bound, piece))

    def pieces(self, items: Sequence[_T]) -> Iterator[Sequence[_T]]:
        """Yield something long piece by piece; yields control in between."""
        return pieces(items, self.check)

    def map(self, function: Callable[..., _T], *columns: Sequence[Any]) -> list[_T]:
        """Map a function over the rows of columns of one length; yields control in between."""
        return map_pieces(function, columns, self.check)

    def combine(
        self,
        function: Callable[[Sequence[float], Sequence[float]], list[float]],
        left: Sequence[float],
        right: Sequence[float],
    ) -> list[float]:
        """Apply a function of two columns; yields control in between."""
        if len(left) <= PIECE:
            return function(left, right)
        found: list[float] = []
        for start in range(0, len(left), PIECE):
            found += function(left[start : start + PIECE], right[start : start + PIECE])
            self.check()
        return found

    def sorted(self, items: Sequence[_T], key: Callable[[_T], Any]) -> list[_T]:
        """Sort by a key, equal ones stay in order; yields control in between."""
        return sort_pieces(items, key, self.check)

    def paced(self, values: list[float]) -> list[float]:
        """Return the same values; going through many of them yields control in between."""
        return values if len(values) <= PIECE else PacedValues(values, self.check)

    def yield_control(self) -> None:
        """Let the event loop run, if it is time."""
        if self._pace is not None and self._pace.is_due:
            if self._horizon is None:
                self._horizon = self.source.horizon()
            self._pace.yield_control()

    def work(self, samples: int) -> None:
        """Count samples that were looked at; yields control after many. Raises `QueryError`."""
        self._work += samples + 1
        if self._work > _CHECK_EVERY:
            self._work = 0
            self.check()

    def account_scanned(self, samples: int) -> None:
        """Account for samples that are scanned, and kept no longer than that. Raises `QueryError`."""
        self.work(samples)
        if self.samples + self.retained + samples > self.limits.samples:
            raise QueryError(
                "query processing would load too many samples into memory in query execution "
                f"(more than {self.limits.samples})"
            )

    def account_temporary(self, samples: int) -> None:
        """Account for samples that are kept for one evaluation, until `samples` is set back by the caller."""
        self.account_scanned(samples)
        self.samples += samples

    def account_result(self, samples: int) -> None:
        """Account for samples of the result, kept for the rest of the run. Raises `QueryError`."""
        self.account_scanned(samples)
        self.retained += samples

    def check_text(self, characters: int) -> None:
        """Check, with text that is being built and counts when it is complete. Raises `QueryError`."""
        self.account_scanned(characters // _TEXT_SAMPLE)
        self.check()

    def account_text(self, characters: int) -> None:
        """Account for text that the query has built. Raises `QueryError`."""
        if characters > self.limits.label_value_chars:
            raise QueryError(f"label value longer than {self.limits.label_value_chars} characters")
        self.account_temporary(characters // _TEXT_SAMPLE)
