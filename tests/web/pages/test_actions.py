"""Everything that pages can be told to do is behind the same door."""

import re

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from exporter.web.origin import OriginGuard
from exporter.web.pages.routes import routes
from tests.web.asgi import request
from tests.web.pages.page_context import page_context

CONTEXT = page_context()
POSTED = [
    re.sub(r"\{\w+\}", "1", route.path)
    for route in routes(CONTEXT)
    if isinstance(route, Route) and "POST" in (route.methods or ())
]


def test_there_are_few() -> None:
    assert sorted(POSTED) == [
        "/notifications/test",
        "/silences/1/expire",
        "/silences/1/extend",
        "/silences/new",
        "/status/reload",
    ]


@pytest.mark.parametrize("path", POSTED)
def test_each_is_posted_as_a_form_from_our_own_origin(path: str) -> None:
    app = OriginGuard(Starlette(routes=list(routes(CONTEXT))), cors_origin="http://board")
    own, form = {"origin": "http://vigil"}, {"comment": "x"}
    for headers in ({"origin": "http://board"}, {"origin": "http://other"}, {"sec-fetch-site": "cross-site"}):
        assert request(app, "POST", path, headers=headers, data=form).status_code == 403
    assert request(app, "POST", path, headers=own, json=form).status_code == 415
    # Let in, and there is no token and no such silence.
    assert request(app, "POST", path, headers=own, data=form).status_code in (404, 422)
