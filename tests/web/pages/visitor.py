"""A browser without JavaScript: it reads pages, fills in their forms, and follows where they lead."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from html import unescape
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.alerting.manager import AlertManager
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.web.pages.context import PageContext
from exporter.web.pages.not_found import NotFound
from exporter.web.pages.routes import routes

_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_INPUT = re.compile(r'<input[^>]*name="([^"]+)"(?:[^>]*value="([^"]*)")?[^>]*>')
_AREA = re.compile(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)


class Visitor:
    """Visits the pages of a context; `user` is the name that somebody has signed in with."""

    def __init__(self, context: PageContext, user: str = "") -> None:
        found = routes(context)
        app = Starlette(routes=[*found, NotFound(context.renderer, found)])
        transport = httpx.ASGITransport(app=_signed_in(app, user))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://vigil")
        self.page = httpx.Response(200)

    async def get(self, path: str) -> str:
        """The text of a page."""
        self.page = await self.client.get(path)
        return self.page.text

    def form(self, number: int = 0) -> tuple[str, dict[str, str]]:
        """Address and fields of a form of the page that was read last."""
        action, inside = _FORM.findall(self.page.text)[number]
        fields = {name: unescape(value) for name, value in _INPUT.findall(inside)}
        fields |= {name: unescape(value) for name, value in _AREA.findall(inside)}
        return str(self.page.request.url.join(unescape(action))), fields

    async def submit(self, number: int = 0, /, **typed: str) -> httpx.Response:
        """Post a form of the page that was read last, with what is typed; the answer is the page then."""
        address, fields = self.form(number)
        self.page = await self.client.post(address, data=fields | typed)
        return self.page

    async def follow(self) -> str:
        """The text of the page that an action led to."""
        assert self.page.status_code == 303, self.page.text
        return await self.get(str(self.page.request.url.join(self.page.headers["location"])))


def visit(
    context: PageContext,
    story: Callable[[Visitor], Awaitable[None]],
    alerts: Sequence[Alert] = (),
    user: str = "",
) -> None:
    """Let a visitor do something while these alerts fire."""

    async def main() -> None:
        manager: AlertManager = context.alerting
        await context.events.start()
        await manager.start()
        await manager.receive(alerts)
        visitor = Visitor(context, user)
        try:
            await story(visitor)
        finally:
            await visitor.client.aclose()
            await manager.stop(0)
            await context.events.close()

    asyncio.run(main())


def alert(name: str, now: float, **labels: str) -> Alert:
    """An alert that has fired for a minute and a half, and is valid for as long as a long run of tests."""
    annotations = Labels({"summary": f"{name} <b>happened</b>"})
    return Alert(Labels({"alertname": name, **labels}), annotations, now - 90, now + 86_400)


def _signed_in(app: ASGIApp, user: str) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        more: dict[str, Any] = {"user": user} if user else {}
        await app({**scope, **more}, receive, send)

    return answer
