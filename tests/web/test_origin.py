"""What pages of other origins may ask: nothing that changes something, unless the configuration says so."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from exporter.web.origin import OriginGuard
from tests.web.asgi import request

_JSON = {"content-type": "application/json"}
_BOARD = "http://board.example.com"


async def _changed(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("changed")(scope, receive, send)


def _status(method: str, path: str, headers: dict[str, str], body: bytes = b"{}", **options: Any) -> int:
    return request(OriginGuard(_changed, **options), method, path, headers=headers, content=body).status_code


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_can_send_changes_nothing(kind: str) -> None:
    assert _status("POST", "/api/v2/silences", {"content-type": kind}) == 415


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "http://other.example"},
        {"origin": "null"},
        {"origin": "http://vigil.other.example"},
        {"origin": "http://vigil:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/-/reload"), ("PUT", "/-/reload"), ("DELETE", "/api/v2/silence/1")]
)
def test_another_origin_changes_nothing(foreign: dict[str, str], method: str, path: str) -> None:
    assert _status(method, path, foreign, b"") == 403


@pytest.mark.parametrize(
    "headers",
    [
        _JSON,
        {"content-type": "application/json; charset=utf-8"},
        {**_JSON, "origin": "http://vigil", "sec-fetch-site": "same-origin"},
        {**_JSON, "sec-fetch-site": "none"},
    ],
)
def test_programs_and_its_own_pages_change_things(headers: dict[str, str]) -> None:
    assert _status("POST", "/api/v2/silences", headers) == 200


def test_a_post_without_a_body_needs_no_content_type() -> None:
    assert _status("POST", "/-/reload", {}, b"") == 200


def test_what_a_query_may_be_asked_with_is_told_without_cors_too() -> None:
    assert _status("OPTIONS", "/api/v1/query", {"origin": "http://other.example"}, b"") == 204
    # Others are answered by their routes.
    assert _status("OPTIONS", "/metrics", {}, b"") == 200


def test_queries_are_posted_as_forms() -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "origin": "http://grafana.example"}
    assert _status("POST", "/api/v1/query", form) == 200


def test_grafanas_proxy_drops_the_origin_and_karmas_hands_it_on() -> None:
    of_grafana = {**_JSON, "sec-fetch-site": "same-origin"}
    assert _status("POST", "/api/v2/silences", of_grafana) == 200
    of_karma = {**of_grafana, "origin": "http://karma.example.com:8080"}
    assert _status("POST", "/api/v2/silences", of_karma) == 403
    named: dict[str, Any] = {"cors_origin": "http://karma[.]example[.]com:8080"}
    assert _status("POST", "/api/v2/silences", of_karma, **named) == 200
    assert _status("DELETE", "/api/v2/silence/1", of_karma, b"", **named) == 200


def test_the_external_url_is_an_own_origin_behind_a_proxy() -> None:
    options: dict[str, Any] = {"external_url": "https://vigil.example.com/redis"}
    headers = {**_JSON, "origin": "https://vigil.example.com", "sec-fetch-site": "same-origin"}
    assert _status("POST", "/api/v2/silences", headers, **options) == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("vigil.example.com", 200),
        ("VIGIL.example.com:443", 200),
        ("other.example.com", 200),
        ("127.0.0.1:9121", 200),
        ("[::1]:9121", 200),
        ("localhost:9121", 200),
        ("vigil:9121", 200),
        ("vigil.example.com.:9121", 200),
        ("evil.example.net", 403),
        ("evil.example.net:9121", 403),
        ("vigil.example.com.evil.net", 403),
        ("127.0.0.1@evil.net", 403),
        ("[evil.net]", 403),
    ],
)
def test_names_that_are_not_configured_are_refused(host: str, status: int) -> None:
    options: dict[str, Any] = {"external_url": "https://vigil.example.com", "hosts": ["other.example.com"]}
    assert _status("GET", "/", {"host": host}, **options) == status
    # With a dot at their ends they are the same names.
    rooted: dict[str, Any] = {"external_url": "https://vigil.example.com.", "hosts": ["Other.Example.com."]}
    assert _status("GET", "/", {"host": host}, **rooted) == status
    assert _status("GET", "/", {"host": host}) == 200


def test_pages_of_configured_origins_read_and_change() -> None:
    guard = OriginGuard(_changed, cors_origin="http://board[.]example[.]com")
    asked = request(guard, "OPTIONS", "/api/v2/silences", headers={"origin": _BOARD})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == _BOARD
    assert "DELETE" in asked.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in asked.headers
    changed = request(guard, "POST", "/api/v2/silences", headers={**_JSON, "origin": _BOARD}, content=b"{}")
    assert changed.status_code == 200
    assert changed.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [f"{_BOARD}.evil.net", f"{_BOARD}\n", "http://boardXexample.com"])
def test_other_origins_get_no_cors(origin: str) -> None:
    guard = OriginGuard(_changed, cors_origin="http://board[.]example[.]com")
    answer = request(guard, "GET", "/", headers=[(b"origin", origin.encode())])
    assert "access-control-allow-origin" not in answer.headers


def test_answers_are_protected_and_the_web_configuration_decides() -> None:
    headers = request(OriginGuard(_changed), "GET", "/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    own = OriginGuard(_changed, headers={"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": ""})
    headers = request(own, "GET", "/").headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "content-security-policy" not in headers
