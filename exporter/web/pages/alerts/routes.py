"""The routes of the pages about alerts."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.pages.address import Address
from exporter.web.pages.alerts.listing import list_alerts
from exporter.web.pages.alerts.story import tell
from exporter.web.pages.context import PageContext


def routes(context: PageContext) -> Sequence[Route]:
    """The list of alerts, and the page of each."""
    pages = _Pages(context)
    handler = context.renderer.handler
    return (
        Route("/alerts", handler(pages.list_all), methods=["GET"]),
        Route("/alerts/{fingerprint}", handler(pages.show), methods=["GET"]),
    )


class _Pages:
    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def list_all(self, request: Request) -> Response:
        """Everything that is pending or firing; 400 where the filter cannot be read."""
        listing = await list_alerts(self._context, Address.of(request))
        response = await self._context.renderer.page(request, "alerts.html", listing=listing)
        if listing.filter.error:
            response.status_code = 400
        return response

    async def show(self, request: Request) -> Response:
        """One alert, also when it is over."""
        story = await tell(self._context, request.path_params["fingerprint"], Address.of(request))
        return await self._context.renderer.page(request, "alert.html", story=story)
