"""Answers of the HTTP API are compressed for who takes gzip."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from exporter.web.compression import Compression
from tests.web.asgi import request

LONG = b'{"status":"success"}' * 20_000


async def _long(_: Request) -> Response:
    return Response(LONG, media_type="application/json")


async def _short(_: Request) -> Response:
    return Response(b"{}", media_type="application/json")


async def _pieces(_: Request) -> Response:
    return StreamingResponse(LONG[start : start + 1000] for start in range(0, len(LONG), 1000))


async def _compressed(_: Request) -> Response:
    return Response(gzip.compress(LONG), headers={"content-encoding": "gzip", "vary": "Origin"})


async def _nothing(_: Request) -> Response:
    return Response(status_code=204)


@pytest.fixture(scope="module")
def app() -> ASGIApp:
    endpoints = {"long": _long, "short": _short, "pieces": _pieces, "zip": _compressed, "nothing": _nothing}
    routes = [Route(f"/api/{name}", endpoint) for name, endpoint in endpoints.items()]
    middleware = [Middleware(Compression, prefixes=["/api/"])]
    return Starlette(routes=[*routes, Route("/page", _long)], middleware=middleware)


@pytest.mark.parametrize("name", ["long", "pieces", "zip"])
def test_long_answers_are_compressed_once(app: ASGIApp, name: str) -> None:
    response = request(app, "GET", f"/api/{name}", headers={"accept-encoding": "deflate, gzip;q=0.5"})
    assert response.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["vary"]
    assert response.content == LONG
    assert response.num_bytes_downloaded < len(LONG) / 20


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip; q=0.0", "br", "xgzip"])
def test_who_takes_no_gzip_gets_none(app: ASGIApp, accepted: str) -> None:
    response = request(app, "GET", "/api/long", headers={"accept-encoding": accepted})
    assert "content-encoding" not in response.headers
    assert response.content == LONG


@pytest.mark.parametrize("path", ["/api/short", "/api/nothing", "/page"])
def test_what_is_short_or_elsewhere_is_left_as_it_is(app: ASGIApp, path: str) -> None:
    response = request(app, "GET", path, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert len(response.content) in (0, 2, len(LONG))
