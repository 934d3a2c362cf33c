"""Requests to an ASGI application without a socket."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from starlette.types import ASGIApp


def request(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    """One request, answered."""

    return run(lambda: ask(app, method, path, **options))


async def ask(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    """The same for whoever is in a loop already."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
        return await client.request(method, path, **options)


def run(make: Callable[[], Coroutine[Any, Any, httpx.Response]]) -> httpx.Response:
    """Run one coroutine to its end."""
    return asyncio.run(make())
