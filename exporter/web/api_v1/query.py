"""`query` and `query_range`: PromQL over the store."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.promql import Engine, Expression, Limits, Result, ValueType, parse
from exporter.web.api_v1.encode import encode_result
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import TRUNCATED, Answer, BadDataError, QueryTimeoutError, api
from exporter.web.api_v1.turns import Turns, TurnTaker

MAX_POINTS: Final = 11_000

LIMITS: Final = Limits(timeout_seconds=30.0, steps=MAX_POINTS + 1, points=500_000, remembered=100_000)
"""What a query by HTTP may ask for."""

_ALWAYS: Final = 1 << 63
_KEPT_EXPRESSIONS: Final = 512
# The longest text that is kept: a page of a dashboard asks the same again and again, but not this.
_LONGEST_KEPT: Final = 4_096


def routes(engine: Engine, clock: Clock, turn_taker: TurnTaker) -> Sequence[Route]:
    """The routes of queries, which take turns with the event loop; the engine should have `LIMITS`, and be
    nobody else's."""

    async def query(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        limit, at_ms = parameters.limit(), parameters.time_ms("time")
        deadline, lookback = _deadline(parameters), parameters.lookback_ms()
        expression = _expression(parameters)

        def evaluate(turns: Turns) -> Answer:
            give_way = _bounded(turns, deadline)
            result = engine.instant(expression, at_ms, lookback_ms=lookback, give_way=give_way)
            return _answer(result, at_ms, limit, give_way)

        return await turn_taker.run(evaluate)

    async def query_range(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        limit = parameters.limit()
        start, end, step = _window(parameters)
        deadline, lookback = _deadline(parameters), parameters.lookback_ms()
        expression = _expression(parameters)
        if expression.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise BadDataError(
                f'invalid parameter "query": invalid expression type "{expression.value_type.documented}" '
                "for range query, must be Scalar or instant Vector"
            )

        def evaluate(turns: Turns) -> Answer:
            give_way = _bounded(turns, deadline)
            result = engine.range(expression, start, end, step, lookback_ms=lookback, give_way=give_way)
            return _answer(result, end, limit, give_way)

        return await turn_taker.run(evaluate)

    async def query_exemplars(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        start, end = parameters.time_ms("start", -_ALWAYS), parameters.time_ms("end", _ALWAYS)
        if end < start:
            raise BadDataError("end timestamp must not be before start timestamp")
        _expression(parameters)
        return Answer([])

    methods = ["GET", "POST"]
    return (
        Route("/api/v1/query", api(query), methods=methods),
        Route("/api/v1/query_range", api(query_range), methods=methods),
        Route("/api/v1/query_exemplars", api(query_exemplars), methods=methods),
    )


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


def _deadline(parameters: Parameters) -> float:
    """The monotonic time until which the query may take."""
    asked = parameters.duration_ms("timeout") / 1000 if parameters.text("timeout") else LIMITS.timeout_seconds
    return time.monotonic() + min(asked, LIMITS.timeout_seconds)


def _bounded(turns: Turns, deadline: float) -> Callable[[], None]:
    def give_way() -> None:
        turns.give_way()
        if time.monotonic() > deadline:
            raise QueryTimeoutError("query timed out in expression evaluation")

    return give_way


def _answer(result: Result, at_ms: int, limit: int | None, give_way: Callable[[], None]) -> Answer:
    warnings = list(result.warnings)
    if limit is not None and result.series_count > limit:
        warnings.append(TRUNCATED)
    return Answer(encode_result(result, at_ms, limit, give_way), warnings, result.infos)


def _expression(parameters: Parameters) -> Expression:
    text = parameters.text("query")
    try:
        return parse(text) if len(text) > _LONGEST_KEPT else _parse_once(text)
    except QueryError as error:
        raise BadDataError(f'invalid parameter "query": {error}') from error


@lru_cache(_KEPT_EXPRESSIONS)
def _parse_once(text: str) -> Expression:
    """The same object for the same text, so that the engine finds its plan again."""
    return parse(text)
