"""The web application: every route in one list."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Scope

from exporter.web import federate
from exporter.web.compression import Compression
from exporter.web.metrics import MetricsEndpoint
from exporter.web.origin import QUERY_API


def build_web_app(
    metrics: MetricsEndpoint, routes: Sequence[BaseRoute], middleware: Sequence[Middleware] = ()
) -> ASGIApp:
    """The application that serves `/metrics` and the given routes.

    `/metrics` comes before everything: it is asked for most and costs least.
    """
    return Starlette(
        routes=[_MetricsRoute(metrics), *routes],
        middleware=[*middleware, Middleware(Compression, prefixes=["/api/", "/static/", federate.PATH])],
        exception_handlers={405: _refuse_method},
    )


class _MetricsRoute(Route):
    """`/metrics`, and the path that `web.telemetry_path` names at the moment."""

    def __init__(self, metrics: MetricsEndpoint) -> None:
        super().__init__("/metrics", metrics, methods=["GET"])
        self._metrics = metrics

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route of a request, as starlette asks."""
        if scope.get("path") == self._metrics.path:
            scope = {**scope, "path": self.path}
        return super().matches(scope)


async def _refuse_method(request: Request, _: Exception) -> Response:
    """405 with every method of the path; starlette names those of its first route only."""
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    allowed = {method for route in routes if isinstance(route, Route) for method in route.methods or ()}
    if request.url.path.startswith(QUERY_API):
        allowed.add("OPTIONS")
    return PlainTextResponse("Method Not Allowed\n", 405, {"Allow": ", ".join(sorted(allowed))})
