"""Pages of other origins in a real browser, and a page whose name was rebound to the daemon's address."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.faults.chromium import serve, visit
from tests.live.daemon import Daemon

pytestmark = pytest.mark.peers("chromium")

_SILENCE = {
    "matchers": [{"name": "alertname", "value": ".+", "isRegex": True}],
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
    "createdBy": "a page",
    "comment": "",
}
# Everything by which a page can have a browser send something elsewhere.
_ATTACK = """
const to = "%(to)s", silence = JSON.stringify(%(silence)s);
const post = (path, options) =>
  fetch(to + path, {method: "POST", ...options}).then(r => r.type + " " + r.status);
await attempt("text", () => post("/api/v2/silences",
  {mode: "no-cors", headers: {"Content-Type": "text/plain"}, body: silence}));
await attempt("no type", () => post("/api/v2/silences", {mode: "no-cors", body: new Blob([silence])}));
await attempt("with credentials", () => post("/api/v2/silences",
  {mode: "no-cors", credentials: "include", body: silence}));
await attempt("json", () => post("/api/v2/silences",
  {headers: {"Content-Type": "application/json"}, body: silence}));
await attempt("alerts", () => post("/api/v2/alerts",
  {mode: "no-cors", body: '[{"labels": {"alertname": "Made"}}]'}));
await attempt("reload", () => post("/-/reload", {mode: "no-cors"}));
await attempt("no referrer", () => post("/-/reload", {mode: "no-cors", referrerPolicy: "no-referrer"}));
await attempt("delete", () => fetch(to + "/api/v2/silence/%(id)s", {method: "DELETE"}).then(r => r.status));
await attempt("beacon", () => navigator.sendBeacon(to + "/api/v2/silences", silence));
await attempt("beacon of json", () =>
  navigator.sendBeacon(to + "/api/v2/silences", new Blob([silence], {type: "application/json"})));
for (const kind of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]) {
  const frame = document.createElement("iframe"), form = document.createElement("form");
  frame.name = kind; document.body.append(frame, form);
  const cut = silence.indexOf(":");
  form.innerHTML = "<input type=hidden>";
  form.firstChild.name = silence.slice(0, cut + 1) + '"='; form.firstChild.value = silence.slice(cut + 2);
  Object.assign(form, {method: "POST", enctype: kind, action: to + "/api/v2/silences", target: kind});
  form.submit();
}
const blank = document.createElement("iframe");
blank.sandbox = "allow-scripts";
blank.srcdoc = `<script>fetch("${to}/-/reload", {method: "POST", mode: "no-cors"})</` + "script>";
document.body.append(blank);
for (const path of ["/-/reload", "/api/v2/silences", "/"]) {
  const image = new Image(); image.src = to + path; document.body.append(image);
}
await attempt("read", () => fetch(to + "/metrics").then(r => r.text()));
await wait(1500);
"""
_WRITES = """
await attempt("read", () => fetch("%(to)s/api/v2/status").then(r => r.status));
await attempt("silence", () => fetch("%(to)s/api/v2/silences", {method: "POST",
  headers: {"Content-Type": "application/json"}, body: JSON.stringify(%(silence)s)}).then(r => r.status));
await attempt("reload", () => fetch("%(to)s/-/reload", {method: "POST"}).then(r => r.status));
"""


def _fill(script: str, **values: str) -> str:
    return script % {"silence": json.dumps(_SILENCE), **values}


def _daemon(start_server: StartServer, directory: Path, **web: Any) -> Daemon:
    directory.mkdir()
    server = start_server()
    config = {"targets": [{"url": server.url}], "rule_files": [], "web": web}
    (directory / "config.yml").write_text(json.dumps(config))
    return Daemon(directory, "--config", "config.yml")


def _silence(daemon: Daemon) -> str:
    headers, body = {"Content-Type": "application/json"}, json.dumps(_SILENCE).encode()
    with daemon.get("/api/v2/silences", headers, method="POST", body=body) as answer:
        return str(json.load(answer)["silenceID"])


def _silences(daemon: Daemon) -> list[Any]:
    found: list[Any] = json.loads(daemon.text("/api/v2/silences"))
    return found


def _reloads(daemon: Daemon) -> int:
    return daemon.log.count("the configuration was reloaded")


def test_a_page_that_somebody_visits_changes_nothing(start_server: StartServer, tmp_path: Path) -> None:
    with _daemon(start_server, tmp_path / "daemon") as daemon, serve() as site:
        identity = _silence(daemon)
        before = _silences(daemon)
        site.script = _fill(_ATTACK, to=daemon.url, id=identity)

        noted = visit(site, "other.test", tmp_path / "profile")

        assert _silences(daemon) == before
        assert json.loads(daemon.text("/api/v2/alerts")) == []
        assert _reloads(daemon) == 0
        assert "broken" not in noted
        # What the browser does not let the page see it has sent all the same; the rest it never sent.
        assert {name for name, what in noted.items() if what == "opaque 0"} == {
            "text", "no type", "with credentials", "alerts", "reload", "no referrer",
        }  # fmt: skip
        assert {name for name, what in noted.items() if str(what).startswith("refused")} == {
            "json", "delete", "read",
        }  # fmt: skip


def test_the_page_would_change_a_server_that_takes_everything(tmp_path: Path) -> None:
    """So that the test above can fail."""
    with serve() as naive, serve() as site:
        site.script = _fill(_ATTACK, to=f"http://127.0.0.1:{naive.port}", id="x")

        visit(site, "other.test", tmp_path / "profile")

    kinds = {kind.partition(";")[0] for path, kind in naive.posts if path == "POST /api/v2/silences"}
    assert kinds == {"text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""}
    assert [path for path, _ in naive.posts].count("POST /-/reload") == 3


def test_a_rebound_name_reads_and_changes_nothing(start_server: StartServer, tmp_path: Path) -> None:
    web = {"external_url": "http://vigil.example.com"}
    with (
        _daemon(start_server, tmp_path / "daemon", **web) as daemon,
        serve(_fill(_WRITES, to=""), behind=("127.0.0.1", daemon.port)) as site,
    ):
        noted = visit(site, "evil.test", tmp_path / "profile")

        assert noted == {"read": 403, "silence": 403, "reload": 403}
        assert (_silences(daemon), _reloads(daemon)) == ([], 0)


def test_without_an_external_url_names_are_not_compared(start_server: StartServer, tmp_path: Path) -> None:
    """As docs/security.md says; and so the test above can fail."""
    with (
        _daemon(start_server, tmp_path / "daemon") as daemon,
        serve(_fill(_WRITES, to=""), behind=("127.0.0.1", daemon.port)) as site,
    ):
        noted = visit(site, "evil.test", tmp_path / "profile")

        assert noted == {"read": 200, "silence": 200, "reload": 200}


def test_pages_of_configured_origins_read_and_change(start_server: StartServer, tmp_path: Path) -> None:
    web = {"cors_origin": r"http://board\.test:\d+"}
    with _daemon(start_server, tmp_path / "daemon", **web) as daemon:
        with serve(_fill(_WRITES, to=daemon.url)) as site:
            refused = visit(site, "other.test", tmp_path / "profile")
        assert set(refused.values()) == {"refused: TypeError"}
        assert (_silences(daemon), _reloads(daemon)) == ([], 0)

        with serve(_fill(_WRITES, to=daemon.url)) as site:
            taken = visit(site, "board.test", tmp_path / "another")
        assert taken == {"read": 200, "silence": 200, "reload": 200}
        assert (len(_silences(daemon)), _reloads(daemon)) == (1, 1)
