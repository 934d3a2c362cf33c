"""The stylesheet and the module of the pages."""

import re
from pathlib import Path

import httpx
from starlette.applications import Starlette

import exporter
from exporter.web.pages.routes import routes
from tests.web.asgi import request
from tests.web.pages.page_context import page_context


def get(path: str, **headers: str) -> httpx.Response:
    app = Starlette(routes=list(routes(page_context())))
    return request(
        app, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_every_file_a_page_names_is_there_for_ever() -> None:
    page = get("/").text
    files = re.findall(r'(?:href|src)="(\./static/[^"]+)"', page)
    assert len(files) == 3
    for file in files:
        answer = get(file.removeprefix("."))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].partition(";")[0] in {
            "text/css",
            "text/javascript",
            "image/svg+xml",
        }


def test_the_module_is_small_and_has_no_text_over_several_lines() -> None:
    (file,) = re.findall(r'src="\.(/static/app-[^"]+)"', get("/").text)
    assert len(get(file).content) < 20_000
    # Its lines are sent without what stands before them, which would change such a text.
    source = (Path(exporter.__file__).parent / "web/pages/static/app.js").read_text()
    assert all(line.count("`") % 2 == 0 for line in source.splitlines())


def test_a_file_of_another_version_is_not_there() -> None:
    assert get("/static/style-000000000000.css").status_code == 404
    assert get("/static/..%2frendering.py").status_code == 404


def test_a_page_that_has_not_changed_is_not_sent_again() -> None:
    first = get("/rules")
    again = get("/rules", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert get("/rules", if_none_match='W/"other"').status_code == 200


def test_pages_hold_no_script_and_no_style_of_their_own() -> None:
    for path in ("/", "/alerts", "/rules"):
        page = get(path).text
        assert "style=" not in page
        assert "<style" not in page
        assert re.findall(r"<script(?! type=\"module\" src=)", page) == []
