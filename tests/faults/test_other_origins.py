"""What a page of another origin sends on behalf of somebody who visits it: nothing is changed.

The headers are those of Chromium (`test_in_chromium` has a real one).
"""

import json
import re
from urllib.parse import urlencode

from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

_SILENCE = {
    "matchers": [{"name": "alertname", "value": ".+", "isRegex": True}],
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
    "createdBy": "a page",
    "comment": "",
}
_BODY = json.dumps(_SILENCE).encode()
_ALERTS = b'[{"labels": {"alertname": "Made"}}]'
_FOREIGN = {"origin": "http://other.example", "sec-fetch-site": "cross-site"}
_TEXT = {"content-type": "text/plain;charset=UTF-8"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_JSON = {"content-type": "application/json"}


def test_a_page_of_another_origin_changes_nothing(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server) as daemon:
            for headers in (_TEXT, _FORM, _JSON, {}):
                for path, body in (("silences", _BODY), ("alerts", _ALERTS)):
                    for asks in ({**headers, **_FOREIGN}, {**headers, "origin": "null"}):
                        answer = await daemon.ask("POST", f"/api/v2/{path}", headers=asks, content=body)
                        assert answer.status_code == 403
                if headers != _JSON:
                    # An old browser, or a page that hides where it is from.
                    answer = await daemon.ask("POST", "/api/v2/silences", headers=headers, content=_BODY)
                    assert answer.status_code == 415
            assert (await daemon.ask("POST", "/-/reload", headers=_FOREIGN)).status_code == 403
            assert (await daemon.get("/api/v2/silences")).json() == []
            alerts = (await daemon.get("/api/v2/alerts")).json()
            assert [one for one in alerts if one["labels"]["alertname"] == "Made"] == []

    run_fast(story())


def test_programs_change_what_they_want(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server) as daemon:
            made = await daemon.ask("POST", "/api/v2/silences", headers=_JSON, content=_BODY)
            identity = made.json()["silenceID"]
            foreign = await daemon.ask("DELETE", f"/api/v2/silence/{identity}", headers=_FOREIGN)
            assert foreign.status_code == 403
            assert [one["status"]["state"] for one in (await daemon.get("/api/v2/silences")).json()] == [
                "active"
            ]
            assert (await daemon.ask("DELETE", f"/api/v2/silence/{identity}")).status_code == 200
            assert (await daemon.ask("POST", "/-/reload")).status_code == 200

    run_fast(story())


def test_a_name_that_was_rebound_reads_and_changes_nothing(empty_server: RealServer) -> None:
    web = {"external_url": "https://vigil.example.com"}

    async def story() -> None:
        async with FastDaemon({"web": web}, empty_server) as daemon:
            # To the browser this is the page's own origin.
            rebound = {"host": "evil.example.net", "origin": "http://evil.example.net", **_JSON}
            for path in ("/", "/metrics", "/api/v1/targets", "/api/v2/silences", "/-/ready"):
                assert (await daemon.ask("GET", path, headers=rebound)).status_code == 403
            answer = await daemon.ask("POST", "/api/v2/silences", headers=rebound, content=_BODY)
            assert answer.status_code == 403
            assert (await daemon.get("/api/v2/silences")).json() == []

    run_fast(story())


def test_pages_of_our_own_change_what_they_want_behind_a_proxy_that_ends_tls_too(
    empty_server: RealServer,
) -> None:
    web = {"external_url": "https://vigil.example.com:443/"}
    named, unnamed = "vigil.example.com", "127.0.0.1:9121"
    same = {"sec-fetch-site": "same-origin"}
    taken = [
        (unnamed, {"origin": f"http://{unnamed}"}),
        (unnamed, {"origin": f"http://{unnamed}", **same}),
        (unnamed, {"origin": f"https://{unnamed}", **same}),
        (unnamed, {"origin": f"https://{unnamed}", "x-forwarded-proto": "https"}),
        (unnamed, {"origin": "https://vigil.example.com"}),
        (named, {"origin": "https://VIGIL.example.com"}),
        ("127.0.0.1:80", {"origin": "http://127.0.0.1"}),
        ("127.0.0.1", {"origin": "http://127.0.0.1:80"}),
    ]
    refused = [
        (unnamed, {"origin": f"https://{unnamed}"}),
        (unnamed, {"origin": f"ftp://{unnamed}", **same}),
        (unnamed, {"origin": "http://127.0.0.1:9122"}),
        (unnamed, {"origin": f"http://a@{unnamed}"}),
        (unnamed, {"origin": f"http://{unnamed}/"}),
        (unnamed, {"origin": ""}),
        (unnamed, {"origin": "http://["}),
        (unnamed, {"origin": f"http://{unnamed}", "sec-fetch-site": "same-site"}),
        (unnamed, {"origin": "http://vigil.example.com"}),
        ("127.0.0.1", {"origin": "https://127.0.0.1:80"}),
        ("127.0.0.1", {"origin": "https://127.0.0.1"}),
    ]

    async def story() -> None:
        async with FastDaemon({"web": web}, empty_server) as daemon:
            for cases, status in ((taken, 200), (refused, 403)):
                for host, headers in cases:
                    asks = {"host": host, **headers, **_JSON}
                    answer = await daemon.ask("POST", "/api/v2/alerts", headers=asks, content=_ALERTS)
                    assert (answer.status_code, host, headers) == (status, host, headers)

    run_fast(story())


_PATHS = (
    "/silences/new",
    "/silences/1/extend",
    "/silences/1/expire",
    "/status/reload",
    "/notifications/test",
)


def test_forms_of_the_pages_are_taken_from_the_pages_alone(empty_server: RealServer) -> None:
    # Who may use the API by CORS may not post forms.
    web = {"cors_origin": "http://board[.]example"}
    refused = [
        (_FOREIGN, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://board.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ]

    async def story() -> None:
        async with FastDaemon({"web": web}, empty_server) as daemon:
            token = re.findall(r'name="token" value="(\w+)"', (await daemon.get("/silences/new")).text)[0]
            typed = {"filter": "a=b", "comment": "x", "created_by": "a page", "duration": "1h"}
            form = urlencode({**typed, "token": token})
            for path in _PATHS:
                for headers, status in refused:
                    asks = {**_FORM, **headers}
                    answer = await daemon.ask("POST", path, headers=asks, content=form)
                    assert (answer.status_code, path) == (status, path)
                for kind in (_JSON, _TEXT, {"content-type": "multipart/form-data; boundary=x"}):
                    answer = await daemon.ask("POST", path, headers=kind, content=form)
                    assert (answer.status_code, path) == (415, path)
            # Who looks there is led to the page, whatever is in the address.
            for path in _PATHS[1:]:
                answer = await daemon.get(f"{path}?{form}")
                page = path.rsplit("/", 2)[1]
                assert (answer.status_code, answer.headers["location"]) == (303, f"../{page}?{form}")
            # GET with everything in its address makes nothing.
            assert (await daemon.get(f"/silences/new?{form}")).status_code == 200
            old = urlencode({**typed, "token": "0" * 64})
            for content in (old, urlencode(typed), b""):
                answer = await daemon.ask("POST", "/silences/new", headers=_FORM, content=content)
                assert "nothing was done" in answer.text
            assert (await daemon.get("/api/v2/silences")).json() == []
            own = {**_FORM, "sec-fetch-site": "same-origin"}
            assert (await daemon.ask("POST", "/silences/new", headers=own, content=form)).status_code == 303
            assert len((await daemon.get("/api/v2/silences")).json()) == 1

    run_fast(story())
