"""`query` and `query_range`: PromQL over the store."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.promql import Engine, Expression, Matrix, RangeSeries, Result, parse
from exporter.promql.syntax.nodes import Edge, walk
from exporter.web.api_v1.encode import encode_result
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import Answer, BadDataError, api

MAX_POINTS: Final = 11_000
# A long range query gives way to sampling and alerting after each piece of about this length.
_PIECE_SECONDS: Final = 0.02


def routes(engine: Engine, clock: Clock) -> Sequence[Route]:
    """The routes of queries."""

    async def query(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        at_ms = parameters.time_ms("time")
        result = engine.instant(_expression(parameters), at_ms)
        return Answer(encode_result(result, at_ms), result.warnings, result.infos)

    async def query_range(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        expression = _expression(parameters)
        start, end, step = (
            _required_time(parameters, "start"),
            _required_time(parameters, "end"),
            parameters.duration_ms("step"),
        )
        if end < start:
            raise BadDataError('invalid parameter "end": end timestamp must not be before start time')
        if (end - start) // step > MAX_POINTS:
            raise BadDataError(
                f"exceeded maximum resolution of {MAX_POINTS:,} points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        result = await evaluate_range(engine, expression, start, end, step)
        return Answer(encode_result(result, end), result.warnings, result.infos)

    methods = ["GET", "POST"]
    return (
        Route("/api/v1/query", api(query), methods=methods),
        Route("/api/v1/query_range", api(query_range), methods=methods),
    )


def _required_time(parameters: Parameters, name: str) -> int:
    if not parameters.text(name):
        raise BadDataError(f'invalid parameter "{name}": cannot parse "" to a valid timestamp')
    return parameters.time_ms(name)


def _expression(parameters: Parameters) -> Expression:
    try:
        return parse(parameters.text("query"))
    except QueryError as error:
        raise BadDataError(f'invalid parameter "query": {error}') from error


def _uses_bounds(expression: Expression) -> bool:
    return any(isinstance(getattr(node, "at", None), Edge) for node, _ in walk(expression.root))


async def evaluate_range(
    engine: Engine, expression: Expression, start_ms: int, end_ms: int, step_ms: int
) -> Result:
    """A range query in pieces of a few steps, so that a long one holds up nothing else.

    The steps of a range query do not depend on each other, but for `start()` and `end()`: with these it is
    evaluated in one piece.
    """
    if _uses_bounds(expression):
        return engine.range(expression, start_ms, end_ms, step_ms)
    merged: dict[Labels, list[tuple[int, float]]] = {}
    warnings: dict[str, None] = {}
    infos: dict[str, None] = {}
    steps, at = 1, start_ms
    while at <= end_ms:
        piece_end = min(end_ms, at + (steps - 1) * step_ms)
        started = time.monotonic()
        result = engine.range(expression, at, piece_end, step_ms)
        took = time.monotonic() - started
        assert isinstance(result.value, Matrix)
        for series in result.value.series:
            merged.setdefault(series.labels, []).extend(series.points)
        warnings.update(dict.fromkeys(result.warnings))
        infos.update(dict.fromkeys(result.infos))
        at = piece_end + step_ms
        steps = max(1, min(steps * 4, int(steps * _PIECE_SECONDS / max(took, 1e-6))))
        await asyncio.sleep(0)
    series_list = [RangeSeries(labels, points) for labels, points in sorted(merged.items())]
    return Result(Matrix(series_list), tuple(warnings), tuple(infos))
