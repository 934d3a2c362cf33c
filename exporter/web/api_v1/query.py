"""`query` and `query_range`: PromQL over the store."""

import asyncio
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.promql import Engine, Expression, Limits, Matrix, RangeSeries, Result, parse
from exporter.promql.syntax.nodes import Edge, walk
from exporter.web.api_v1.encode import encode_result
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import Answer, BadDataError, QueryTimeoutError, api

MAX_POINTS: Final = 11_000
MAX_RESULT_POINTS: Final = 500_000
"""How many points the answer to one range query may hold, over all series."""

LIMITS: Final = Limits(timeout_seconds=2.0)
"""What one step, or one piece, of a query by HTTP may ask for: while it runs nothing else does."""

_QUERY_SECONDS: Final = 30.0
# A long range query gives way to sampling and alerting after each piece of about this length.
_PIECE_SECONDS: Final = 0.02
_KEPT_EXPRESSIONS: Final = 512
# The longest text that is kept: a page of a dashboard asks the same again and again, but not this.
_LONGEST_KEPT: Final = 4_096


def routes(engine: Engine, clock: Clock) -> Sequence[Route]:
    """The routes of queries; the engine should have `LIMITS`, and be nobody else's."""

    async def query(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        at_ms = parameters.time_ms("time")
        _seconds(parameters)
        result = engine.instant(_expression(parameters), at_ms)
        return Answer(encode_result(result, at_ms, parameters.limit()), result.warnings, result.infos)

    async def query_range(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        start, end, step = (
            _required_time(parameters, "start"),
            _required_time(parameters, "end"),
            parameters.duration_ms("step"),
        )
        expression = _expression(parameters)
        if end < start:
            raise BadDataError('invalid parameter "end": end timestamp must not be before start time')
        if (end - start) // step > MAX_POINTS:
            raise BadDataError(
                f"exceeded maximum resolution of {MAX_POINTS:,} points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        result = await evaluate_range(engine, expression, start, end, step, _seconds(parameters))
        return Answer(encode_result(result, end, parameters.limit()), result.warnings, result.infos)

    async def query_exemplars(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        _expression(parameters)
        return Answer([])

    async def format_query(request: Request) -> Answer:
        return Answer(str(_expression(await Parameters.of(request, clock))))

    methods = ["GET", "POST"]
    return (
        Route("/api/v1/query", api(query), methods=methods),
        Route("/api/v1/query_range", api(query_range), methods=methods),
        Route("/api/v1/query_exemplars", api(query_exemplars), methods=methods),
        Route("/api/v1/format_query", api(format_query), methods=methods),
    )


def _seconds(parameters: Parameters) -> float:
    """How long the query may take altogether."""
    asked = parameters.duration_ms("timeout") / 1000 if parameters.text("timeout") else _QUERY_SECONDS
    return min(asked, _QUERY_SECONDS)


def _required_time(parameters: Parameters, name: str) -> int:
    if not parameters.text(name):
        raise BadDataError(f'invalid parameter "{name}": cannot parse "" to a valid timestamp')
    return parameters.time_ms(name)


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


def _uses_bounds(expression: Expression) -> bool:
    return any(isinstance(getattr(node, "at", None), Edge) for node, _ in walk(expression.root))


async def evaluate_range(
    engine: Engine,
    expression: Expression,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    timeout_seconds: float = _QUERY_SECONDS,
) -> Result:
    """A range query in pieces of a few steps, so that a long one holds up nothing else.

    The steps of a range query do not depend on each other, but for `start()` and `end()`: with these it is
    evaluated in one piece. Raises `QueryError`, and `QueryTimeoutError` where all pieces together take too
    long.
    """
    if _uses_bounds(expression):
        return engine.range(expression, start_ms, end_ms, step_ms)
    answer = _Pieces()
    deadline = time.monotonic() + timeout_seconds
    steps, at = 1, start_ms
    while at <= end_ms:
        piece_end = min(end_ms, at + (steps - 1) * step_ms)
        started = time.monotonic()
        if started > deadline:
            raise QueryTimeoutError(f"query timed out after {timeout_seconds:g} s")
        answer.add(engine.range(expression, at, piece_end, step_ms))
        took = time.monotonic() - started
        at = piece_end + step_ms
        steps = max(1, min(steps * 4, int(steps * _PIECE_SECONDS / max(took, 1e-6))))
        await asyncio.sleep(0)
    return answer.result()


class _Pieces:
    """Puts the results of a range query's pieces together."""

    def __init__(self) -> None:
        self._points: dict[Labels, list[tuple[int, float]]] = {}
        self._warnings: dict[str, None] = {}
        self._infos: dict[str, None] = {}
        self._count = 0

    def add(self, result: Result) -> None:
        """Add the next piece. Raises `QueryError` where that makes too many points."""
        assert isinstance(result.value, Matrix)
        for series in result.value.series:
            self._points.setdefault(series.labels, []).extend(series.points)
            self._count += len(series.points)
        if self._count > MAX_RESULT_POINTS:
            raise QueryError(f"query yields more than {MAX_RESULT_POINTS:,} points; try a longer step")
        self._warnings.update(dict.fromkeys(result.warnings))
        self._infos.update(dict.fromkeys(result.infos))

    def result(self) -> Result:
        """The whole."""
        series = [RangeSeries(labels, points) for labels, points in sorted(self._points.items())]
        return Result(Matrix(series), tuple(self._warnings), tuple(self._infos))
