"""Basic authentication and TLS of the web server."""

import asyncio
import base64
import threading

import bcrypt
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

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


def test_pages_know_who_has_signed_in() -> None:
    async def name(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope.get("user", ""))(scope, receive, send)

    assert request(BasicAuth(name, USERS), "GET", "/silences", auth=("scraper", PASSWORD)).text == "scraper"


def test_a_password_that_was_right_does_not_open_for_another_user() -> None:
    app = BasicAuth(page, {**USERS, "other": bcrypt.hashpw(b"different", bcrypt.gensalt(4)).decode()})
    assert request(app, "GET", "/", auth=("scraper", PASSWORD)).status_code == 200
    assert request(app, "GET", "/", auth=("other", PASSWORD)).status_code == 401


def test_the_health_check_needs_no_password() -> None:
    assert request(BasicAuth(page, USERS), "GET", "/-/healthy").status_code == 200


async def ask(app: BasicAuth, user: str, password: str) -> int:
    """The status of an answer."""
    token = base64.b64encode(f"{user}:{password}".encode())
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"authorization", b"Basic " + token)],
    }
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(scope, receive, send)
    return statuses[0]


def test_a_rush_of_wrong_passwords_keeps_nobody_waiting_who_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    check = bcrypt.checkpw

    def slow(password: bytes, hashed: bytes) -> bool:
        go_on.wait(10)
        return check(password, hashed)

    async def rush() -> tuple[int, list[int]]:
        app = BasicAuth(page, USERS)
        assert await ask(app, "scraper", PASSWORD) == 200
        monkeypatch.setattr(bcrypt, "checkpw", slow)
        wrong = [asyncio.create_task(ask(app, "scraper", f"wrong {number}")) for number in range(30)]
        await asyncio.sleep(0)
        known = await ask(app, "scraper", PASSWORD)
        go_on.set()
        return known, await asyncio.gather(*wrong)

    known, wrong = asyncio.run(rush())
    assert known == 200
    assert (wrong.count(401), wrong.count(503)) == (20, 10)


def test_who_does_not_exist_takes_as_long_as_the_dearest_password() -> None:
    hashes = {str(cost): bcrypt.hashpw(b"x", bcrypt.gensalt(cost)).decode() for cost in (4, 6)}
    app = BasicAuth(page, hashes)
    assert request(app, "GET", "/", auth=("nobody", "x")).status_code == 401
    assert app._hash_of_nobody().startswith(b"$2b$06$")
