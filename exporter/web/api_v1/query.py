"""`query` and `query_range`: PromQL over the store."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.promql import (
    Engine,
    Expression,
    Limits,
    Matrix,
    MemoryAccount,
    MemoryBudget,
    Pace,
    Result,
    ValueType,
    Vector,
    parse,
)
from exporter.promql.disposal import drop
from exporter.web.api_v1.cooperative import BoundedPace, CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.encode import encode_result
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.query_stats import QueryStats
from exporter.web.api_v1.reply import TRUNCATED, Answer, BadDataError, api

MAX_POINTS: Final = 11_000

LIMITS: Final = Limits(
    timeout_seconds=float("inf"), steps=MAX_POINTS + 1, points=1_000_000, remembered=100_000
)
"""What a query by HTTP may ask for, if nothing else is said."""

# A text that is parsed at once; longer ones in a thread meanwhile.
_SHORT_TEXT: Final = 1_000

_ALWAYS: Final = 1 << 63
_TOO_LONG: Final = "query timed out in expression evaluation"
_KEPT_EXPRESSIONS: Final = 512
# The longest text that is kept: a page of a dashboard asks the same again and again, but not this.
_LONGEST_KEPT: Final = 4_096


def routes(
    engine: Engine,
    clock: Clock,
    executor: CooperativeExecutor,
    budget: MemoryBudget | None = None,
) -> Sequence[Route]:
    """Return the routes of queries, which run cooperatively with the event loop.

    The engine should have `LIMITS`, and be nobody else's. What they hold counts against the budget.
    """
    queries, methods = _Queries(engine, clock, executor, budget or MemoryBudget()), ["GET", "POST"]
    return (
        Route("/api/v1/query", api(queries.instant), methods=methods),
        Route("/api/v1/query_range", api(queries.range), methods=methods),
        Route("/api/v1/query_exemplars", api(queries.exemplars), methods=methods),
    )


class _Queries:
    """The endpoints of queries."""

    def __init__(
        self, engine: Engine, clock: Clock, executor: CooperativeExecutor, budget: MemoryBudget
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._executor = executor
        self._budget = budget

    async def instant(self, request: Request) -> Answer:
        """Answer a query at one time."""
        parameters = await Parameters.of(request, self._clock)
        stats, limit = QueryStats(parameters), parameters.limit()
        at_ms, lookback_ms = parameters.time_ms("time"), parameters.lookback_ms()
        deadline = _deadline(parameters, self._budget.timeout_seconds)
        expression = await _expression(parameters)
        _check_durations(expression, at_ms, at_ms, 0)

        def compute(pace: Pace, account: MemoryAccount) -> tuple[Result, int]:
            result = self._engine.instant(
                expression, at_ms, lookback_ms=lookback_ms, pace=pace, account=account
            )
            return result, at_ms

        return await self._run(request, stats, limit, deadline, compute)

    async def range(self, request: Request) -> Answer:
        """Answer a query along a range."""
        parameters = await Parameters.of(request, self._clock)
        stats, limit = QueryStats(parameters), parameters.limit()
        start_ms, end_ms, step_ms = _window(parameters)
        deadline = _deadline(parameters, self._budget.timeout_seconds)
        lookback_ms = parameters.lookback_ms()
        expression = await _expression(parameters)
        if expression.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise BadDataError(
                f'invalid parameter "query": invalid expression type "{expression.value_type.documented}" '
                "for range query, must be Scalar or instant Vector"
            )
        _check_durations(expression, start_ms, end_ms, step_ms)

        def compute(pace: Pace, account: MemoryAccount) -> tuple[Result, int]:
            result = self._engine.range(
                expression, start_ms, end_ms, step_ms, lookback_ms=lookback_ms, pace=pace, account=account
            )
            return result, end_ms

        return await self._run(request, stats, limit, deadline, compute)

    async def exemplars(self, request: Request) -> Answer | None:
        """Answer that there are no exemplars, once the parameters have been checked.

        None for a query that selects nothing.
        """
        parameters = await Parameters.of(request, self._clock)
        start_ms, end_ms = parameters.time_ms("start", -_ALWAYS), parameters.time_ms("end", _ALWAYS)
        if end_ms < start_ms:
            raise BadDataError("end timestamp must not be before start timestamp")
        expression = await _expression(parameters, prefix="")
        return Answer([]) if expression.selectors else None

    async def _run(
        self,
        request: Request,
        stats: QueryStats,
        limit: int | None,
        deadline: float,
        compute: Callable[[Pace, MemoryAccount], tuple[Result, int]],
    ) -> Answer:
        account = self._budget.account()

        def evaluate(task: CooperativeTask) -> Answer:
            pace = BoundedPace(task, deadline, _TOO_LONG)
            stats.begin()
            result, at_ms = compute(pace, account)
            stats.end()
            return _answer(result, at_ms, limit, pace, account, stats)

        try:
            return await self._executor.run(evaluate, request, deadline - time.monotonic())
        except BaseException:
            account.close()
            raise


def _window(parameters: Parameters) -> tuple[int, int, int]:
    """Start, end and step of a range query."""
    start, end = parameters.required_time_ms("start"), parameters.required_time_ms("end")
    if end < start:
        raise BadDataError('invalid parameter "end": end timestamp must not be before start time')
    step = parameters.step_ms()
    if (end - start) // step > MAX_POINTS:
        raise BadDataError(
            f"exceeded maximum resolution of {MAX_POINTS:,} points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return start, end, step


def _deadline(parameters: Parameters, most_seconds: float) -> float:
    """The monotonic time until which the query may take."""
    asked = parameters.duration_ms("timeout") / 1000 if parameters.text("timeout") else most_seconds
    return time.monotonic() + min(asked, most_seconds)


def _answer(
    result: Result,
    at_ms: int,
    limit: int | None,
    pace: BoundedPace,
    account: MemoryAccount,
    stats: QueryStats,
) -> Answer:
    warnings = list(result.warnings)
    if limit is not None and result.series_count > limit:
        warnings.append(TRUNCATED)
    warnings += stats.warnings

    def check(written_bytes: int) -> None:
        account.add_text(written_bytes)
        pace.yield_control()

    encoded = encode_result(result, at_ms, limit, check, stats.told)
    if isinstance(result.value, Vector):
        drop(result.value.samples, pace.yield_control)
    elif isinstance(result.value, Matrix):
        drop(result.value.series, pace.yield_control)
    return Answer(encoded, warnings, result.infos, account.close)


async def _expression(parameters: Parameters, prefix: str = 'invalid parameter "query": ') -> Expression:
    text = parameters.text("query")
    try:
        if len(text) <= _SHORT_TEXT:
            return _parse_once(text)
        return await asyncio.to_thread(parse if len(text) > _LONGEST_KEPT else _parse_once, text)
    except QueryError as error:
        raise BadDataError(f"{prefix}{error}") from error


def _check_durations(expression: Expression, start_ms: int, end_ms: int, step_ms: int) -> None:
    """Refuse a query whose computed durations make no sense for this time."""
    try:
        expression.resolved(start_ms, end_ms, step_ms)
    except QueryError as error:
        raise BadDataError(f'invalid parameter "query": {error}') from error


@lru_cache(_KEPT_EXPRESSIONS)
def _parse_once(text: str) -> Expression:
    """The same object for the same text, so that the engine finds its plan again."""
    return parse(text)
