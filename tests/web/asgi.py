"""Requests to an ASGI application without a socket."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from starlette.types import ASGIApp


def request(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    """One request, answered."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
            return await client.request(method, path, **options)

    return run(send)


def run(make: Callable[[], Coroutine[Any, Any, httpx.Response]]) -> httpx.Response:
    """Run one coroutine to its end."""
    return asyncio.run(make())
