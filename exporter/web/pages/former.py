"""The pages for people: what is firing."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.time_slice import TimeSlice
from exporter.web.pages.context import PageContext


class Pages:
    """Renders the pages from what the daemon has in memory."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._alerts = context.alerts
        self._page = context.renderer.page

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        handler = self._context.renderer.handler
        return (Route("/alerts", handler(self._alert_page), methods=["GET"]),)

    async def _alert_page(self, request: Request) -> Response:
        return await self._page(
            request,
            "alerts.html",
            alerts=await self._alerts.alerts(TimeSlice()),
            silences=self._alerts.silences(),
            receivers=self._alerts.unsent_receivers(),
        )
