"""HTML from templates, in pieces between which others have their turn."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from jinja2.environment import TemplateStream
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import exporter
from exporter.clock import Clock
from exporter.errors import QueryError, StateError
from exporter.log import get_logger
from exporter.model.visible import visible
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.form_token import FormTokens
from exporter.web.pages.templating import CONTEXTS, release, templates

# How much of a template is worked on before others may have their turn.
_STATEMENTS: Final = 50
_PAGES_AT_ONCE: Final = 4
_DEADLINE_SECONDS: Final = 20.0
# What differs at each look, though nothing has happened: it is put in when it is known that the page is sent.
_CLOCK_MARK: Final = "\x00clock\x00"
_TOOK_MARK: Final = "\x00took\x00"
_THEMES: Final = ("light", "dark")

_log = get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Frame:
    """What stands around every page: how many alerts fire, how many servers are watched, and how often."""

    firing: Callable[[], int]
    servers: Callable[[], int]
    interval: Callable[[], str]
    has_actions: Callable[[], bool]


class Renderer:
    """Makes pages; `tokens` are those of their forms."""

    def __init__(self, clock: Clock, frame: Frame) -> None:
        self.tokens = FormTokens()
        self._clock = clock
        self._frame = frame
        self._places = asyncio.Semaphore(_PAGES_AT_ONCE)

    def handler(self, handle: Handler, *, waits: bool = False) -> Handler:
        """A route's endpoint from a function that answers with a page.

        Pages take turns, and have a deadline; who asked for what cannot be shown is told why, on a page. One
        that `waits` for others takes no turn.
        """
        places = nullcontext() if waits else self._places

        async def endpoint(request: Request) -> Response:
            try:
                async with asyncio.timeout(_DEADLINE_SECONDS), places:
                    return await handle(request)
            except PageError as error:
                return await self.problem(request, error.status, str(error))
            except TimeoutError:
                _log.warning("a page was given up", path=visible(request.url.path))
                text = f"This page took longer than {_DEADLINE_SECONDS:.0f} seconds: look at less."
                return await self.problem(request, 503, text)
            except (StateError, QueryError) as error:
                return await self.problem(request, 503, str(error))

        return endpoint

    async def problem(self, request: Request, status: int, text: str) -> Response:
        """A page that says in one sentence why there is no other."""
        heading = HTTPStatus(status).phrase
        response = await self.page(request, "problem.html", heading=heading, sentence=text)
        response.status_code = status
        return response

    async def page(self, request: Request, template: str, **content: Any) -> Response:
        """A page of a template, or 304 where the browser has just this one already."""
        began = time.perf_counter()
        now = self._clock.now()
        address = Address.of(request)
        contexts: list[Context] = []
        page = templates().get_template(template)
        stream = page.stream(
            {CONTEXTS: contexts},
            version=exporter.__version__,
            clock=Markup(_CLOCK_MARK),
            took=Markup(_TOOK_MARK),
            now=now,
            address=address,
            root=address.root,
            frame=self._frame,
            has_actions=self._frame.has_actions(),
            theme=_theme(request),
            token=self.tokens.make(now),
            **content,
        )
        try:
            text = await _written(stream)
        finally:
            release(contexts)
        tag = f'W/"{hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'
        headers = {"etag": tag, "cache-control": "no-cache", "vary": "Cookie, Authorization"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        moment = datetime.fromtimestamp(now, UTC)
        text = text.replace(_CLOCK_MARK, f"{moment:%H:%M:%S}").replace(
            _TOOK_MARK, f"{(time.perf_counter() - began) * 1000:.0f} ms"
        )
        return HTMLResponse(text.encode("utf-8", "replace"), headers=headers)


async def _written(stream: TemplateStream) -> str:
    stream.enable_buffering(_STATEMENTS)
    pieces, turn = [], TimeSlice()
    for piece in stream:
        pieces.append(piece)
        await turn.yield_control()
    return "".join(pieces)


def _theme(request: Request) -> str:
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in _THEMES else ""
