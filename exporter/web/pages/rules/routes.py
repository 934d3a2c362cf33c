"""The route of the rules."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.pages.address import Address
from exporter.web.pages.context import PageContext
from exporter.web.pages.rules.reading import SHOWN, read_rules


def routes(context: PageContext) -> Sequence[Route]:
    """The route."""

    async def show(request: Request) -> Response:
        address, now = Address.of(request), context.clock.now()
        wanted = address.choice("show", SHOWN, "all")
        overview = await read_rules(context.rules.groups, now, address.text("filter"), wanted)
        return await context.renderer.page(request, "rules.html", rules=overview)

    return [Route("/rules", context.renderer.handler(show), methods=["GET"])]
