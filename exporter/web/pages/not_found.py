"""What no route has: browsers get a page with a way out, programs a line."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route

from exporter.model.visible import shorten
from exporter.web.pages.rendering import Renderer


class NotFound(Route):
    """Answers where none of the other routes has the path: those keep their 405 and their redirects."""

    def __init__(self, renderer: Renderer, others: Sequence[BaseRoute]) -> None:
        self._renderer = renderer
        self._others = others
        super().__init__("/{path:path}", renderer.handler(self._answer), methods=["GET"])

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, Any]:
        """Nothing where another route has the path, or has it but for a slash at its end.

        Nothing for other methods either: what is posted to a path that nobody has is not found, too.
        """
        found = super().matches(scope)
        path = str(scope.get("path", ""))
        if found[0] is not Match.FULL or any(
            route.matches({**scope, "path": one})[0] is not Match.NONE
            for one in {path, path.rstrip("/") if path.endswith("/") else f"{path}/"}
            for route in self._others
        ):
            return Match.NONE, {}
        return found

    async def _answer(self, request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Not Found", 404)
        text = f"There is no page {shorten(request.url.path, 100)} here: look for what you want by its name."
        return await self._renderer.problem(request, 404, text)
