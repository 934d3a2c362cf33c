"""Basic authentication and TLS of the web server."""

import bcrypt
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from exporter.web.auth import BasicAuth
from tests.web.asgi import request

PASSWORD = "corréct horse"
USERS = {"scraper": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("inside")(scope, receive, send)


def test_the_right_password_lets_in_again_and_again() -> None:
    app = BasicAuth(page, USERS)
    for _ in range(2):
        response = request(app, "GET", "/metrics", auth=("scraper", PASSWORD))
        assert (response.status_code, response.text) == (200, "inside")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"auth": ("scraper", "wrong")},
        {"auth": ("somebody", PASSWORD)},
        {"auth": ("", "")},
        {"auth": ("scraper", "x" * 5000)},
        {"headers": {"authorization": "Basic ???"}},
        {"headers": {"authorization": "Bearer token"}},
        {"headers": {"authorization": "Basic"}},
    ],
)
def test_everything_else_is_turned_away(options: dict[str, object]) -> None:
    response = request(BasicAuth(page, USERS), "GET", "/metrics", **options)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert "inside" not in response.text


def test_a_password_that_was_right_does_not_open_for_another_user() -> None:
    app = BasicAuth(page, {**USERS, "other": bcrypt.hashpw(b"different", bcrypt.gensalt(4)).decode()})
    assert request(app, "GET", "/", auth=("scraper", PASSWORD)).status_code == 200
    assert request(app, "GET", "/", auth=("other", PASSWORD)).status_code == 401


def test_the_health_check_needs_no_password() -> None:
    assert request(BasicAuth(page, USERS), "GET", "/-/healthy").status_code == 200
