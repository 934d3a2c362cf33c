"""The queries of a page: all in one go, each with a result or an error of its own, within one deadline."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.time_range import TimeRange
from exporter.errors import QueryError
from exporter.model.labels import EMPTY
from exporter.promql import (
    Expression,
    Matrix,
    MemoryAccount,
    Pace,
    RangeSeries,
    Result,
    String,
    Vector,
    parse,
)
from exporter.web.api_v1.cooperative import BoundedPace, CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.queries import Queries

_DEADLINE_SECONDS: Final = 10.0
_TOO_LONG: Final = "it took longer than a page may: look at a shorter range, or at less"
MOST_SERIES: Final = 500
"""So many series of one expression are looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one expression came to; `error` says why to nothing, `left_out` counts series over the cap.

    An instant vector has one point per series, a string none: it is the `text`. `notes` are the warnings and
    infos of the query.
    """

    series: Sequence[RangeSeries] = ()
    error: str = ""
    left_out: int = 0
    text: str = ""
    notes: Sequence[str] = ()

    @property
    def value(self) -> float | None:
        """The last value of the only series; None where there is none, or several."""
        return self.series[0].points[-1][1] if len(self.series) == 1 and self.series[0].points else None


class PageQueries:
    """Evaluates the expressions of a page, in turns with all other queries."""

    def __init__(self, queries: Queries, deadline_seconds: float = _DEADLINE_SECONDS) -> None:
        self._engine = queries.engine
        self._budget = queries.budget
        self._executor: CooperativeExecutor = queries.executor
        self._deadline_seconds = deadline_seconds

    async def ranges(self, expressions: Sequence[str], span: TimeRange) -> Sequence[Found]:
        """Return what each expression comes to along a range of time."""

        def evaluate(expression: Expression, pace: Pace, account: MemoryAccount) -> Result:
            return self._engine.range(
                expression, span.start_ms, span.end_ms, span.step_ms, pace=pace, account=account
            )

        return await self._run(expressions, evaluate, span.end_ms)

    async def instants(self, expressions: Sequence[str], at_ms: int) -> Sequence[Found]:
        """Return what each expression comes to at one moment."""

        def evaluate(expression: Expression, pace: Pace, account: MemoryAccount) -> Result:
            return self._engine.instant(expression, at_ms, pace=pace, account=account)

        return await self._run(expressions, evaluate, at_ms)

    async def _run(
        self,
        expressions: Sequence[str],
        evaluate: Callable[[Expression, Pace, MemoryAccount], Result],
        at_ms: int,
    ) -> Sequence[Found]:
        deadline = time.monotonic() + self._deadline_seconds

        def compute(task: CooperativeTask) -> Sequence[Found]:
            return [
                self._one(text, evaluate, at_ms, BoundedPace(task, deadline, _TOO_LONG))
                for text in expressions
            ]

        try:
            return await self._executor.run(compute, wait_seconds=self._deadline_seconds)
        except QueryError as error:
            return [Found(error=str(error))] * len(expressions)

    def _one(
        self,
        text: str,
        evaluate: Callable[[Expression, Pace, MemoryAccount], Result],
        at_ms: int,
        pace: Pace,
    ) -> Found:
        account = self._budget.account()
        try:
            pace.yield_control()
            return _found(evaluate(parse(text), pace, account), at_ms)
        except QueryError as error:
            return Found(error=str(error))
        finally:
            account.close()


def _found(result: Result, at_ms: int) -> Found:
    value, notes = result.value, (*result.warnings, *result.infos)
    if isinstance(value, String):
        return Found(text=value.value, notes=notes)
    if isinstance(value, Matrix):
        found = value.series
    elif isinstance(value, Vector):
        found = [RangeSeries(one.labels, [(at_ms, one.value)]) for one in value.samples[: MOST_SERIES + 1]]
    else:
        found = [RangeSeries(EMPTY, [(at_ms, value.value)])]
    return Found(found[:MOST_SERIES], left_out=max(0, result.series_count - MOST_SERIES), notes=notes)
