"""The web application: every route in one list."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from exporter.web.metrics import MetricsEndpoint


def build_web_app(
    metrics: MetricsEndpoint, routes: Sequence[BaseRoute], middleware: Sequence[Middleware] = ()
) -> ASGIApp:
    """The application that serves `/metrics` and the given routes.

    `/metrics` comes before everything: it is asked for most and costs least.
    """
    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"]), *routes], middleware=middleware)
