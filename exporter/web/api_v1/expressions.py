"""`format_query` and `parse_query`: a query written prettily, and as a tree."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.promql import parse
from exporter.promql.syntax.nodes import Expr
from exporter.promql.syntax.prettifier import prettify
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import Answer, BadDataError, api
from exporter.web.api_v1.syntax_tree import syntax_tree


def routes(clock: Clock) -> Sequence[Route]:
    """The routes about the text of queries."""

    def about(describe: Callable[[Expr], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Answer:
            text = (await Parameters.of(request, clock)).text("query")
            # A long query takes a while; the thread shares nothing with anybody.
            return Answer(await asyncio.to_thread(lambda: describe(_parse(text))))

        return api(answer)

    methods = ["GET", "POST"]
    return (
        Route("/api/v1/format_query", about(prettify), methods=methods),
        Route("/api/v1/parse_query", about(syntax_tree), methods=methods),
    )


def _parse(text: str) -> Expr:
    try:
        return parse(text).root
    except QueryError as error:
        raise BadDataError(f'invalid parameter "query": {error}') from error
