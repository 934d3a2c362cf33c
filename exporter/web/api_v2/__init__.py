"""Alertmanager's API v2 over our own alerting, so that `amtool` and everything else that speaks it works.

Source: api/v2/openapi.yaml of github.com/prometheus/alertmanager.
"""

from collections.abc import Sequence

from starlette.routing import Route

from exporter.alerting.manager import AlertManager
from exporter.clock import Clock
from exporter.events import EventSink
from exporter.web.api_v2 import alerts, general, silences


def routes(manager: AlertManager, clock: Clock, events: EventSink) -> Sequence[Route]:
    """Return all routes below `/api/v2`, and `/api/notifications`."""
    found = (
        *general.routes(manager, clock),
        *alerts.routes(manager, clock),
        *silences.routes(manager, clock, events),
    )
    # Every path also works with a trailing slash.
    return (*found, *(Route(f"{one.path}/", one.endpoint, methods=list(one.methods or ())) for one in found))
