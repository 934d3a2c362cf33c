"""Alertmanager's API v2, asked by HTTP and by amtool."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from exporter.alerting.alert_store import MemoryAlertStore
from exporter.alerting.config_metrics import ALERTMANAGER_VERSION
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics
from exporter.alerting.options import Options
from exporter.clock import SystemClock
from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.events import NoEvents
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.notification import Notification
from exporter.web import api_v2
from tests.peers import require_program

CONFIG = """
global: {slack_api_url: 'https://hooks.example.com/T0PSECRET'}
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 0s
  routes:
    - {matchers: [team=db], receiver: db, continue: true, group_by: [team]}
    - {matchers: [muted=yes], mute_time_intervals: [always]}
    - {matchers: [team=~"db|web"]}
receivers:
- {name: chat}
- {name: db, webhook_configs: [{url: 'http://127.0.0.1:9/T0PSECRET'}]}
inhibit_rules: [{source_matchers: [severity=crit], target_matchers: [severity=warn], equal: [zone]}]
time_intervals: [{name: always, time_intervals: [{years: ['2000:3000']}]}]
"""


@dataclass
class Hook:
    """An integration that says yes to everything."""

    name: str = "webhook"
    send_resolved: bool = True
    notifies_event_ends: bool = True

    async def send(self, notification: Notification) -> None: ...


@dataclass
class Running:
    """A server in a thread of its own, with its manager and its counters."""

    url: str
    manager: AlertManager
    registry: CollectorRegistry
    client: httpx.Client

    def get(self, path: str, **parameters: Any) -> Any:
        response = self.client.get(path, params=parameters)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()


@contextmanager
def running() -> Iterator[Running]:
    listener = socket.create_server(("127.0.0.1", 0))
    registry = CollectorRegistry()
    manager = AlertManager(
        parse_alertmanager_config(Document.parse(CONFIG, "alertmanager.yml")),
        lambda receiver: [Hook() for _ in receiver.webhook_configs],
        clock=SystemClock(),
        alert_store=MemoryAlertStore(),
        metrics=Metrics(registry),
        external_url="http://vigil",
        options=Options(hold_seconds=0),
    )
    app = Starlette(routes=api_v2.routes(manager, SystemClock(), NoEvents()))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))

    async def serve() -> None:
        await manager.start()
        await server.serve(sockets=[listener])
        await manager.stop(1)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(base_url=url) as client:
        yield Running(url, manager, registry, client)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def api() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.fixture(scope="module")
def shared_api() -> Iterator[Running]:
    """For tests that leave nothing behind."""
    with running() as one:
        yield one


def alert(name: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, **labels}}


def stamp(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def silence(*matchers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "matchers": list(matchers),
        "startsAt": stamp(0),
        "endsAt": stamp(3600),
        "createdBy": "me",
        "comment": "why",
        **fields,
    }


SOME = {"name": "a", "value": "b", "isRegex": False}


def names(alerts: list[dict[str, Any]]) -> list[str]:
    return sorted(one["labels"]["alertname"] for one in alerts)


def test_the_status_has_version_and_configuration_without_secrets(shared_api: Running) -> None:
    status = shared_api.get("/api/v2/status")
    assert status["cluster"] == {"peers": [], "status": "disabled"}
    assert set(status["versionInfo"]) == {
        "branch",
        "buildDate",
        "buildUser",
        "goVersion",
        "revision",
        "version",
    }
    # An amtool of this version has nothing to warn of.
    assert status["versionInfo"]["version"] == ALERTMANAGER_VERSION
    assert "T0PSECRET" not in json.dumps(status)
    assert yaml.safe_load(status["config"]["original"])["route"]["receiver"] == "chat"


def test_receivers_are_found_by_their_labels(shared_api: Running) -> None:
    chat, db = {"name": "chat"}, {"name": "db"}
    assert shared_api.get("/api/v2/receivers") == [chat, db]
    assert shared_api.get("/api/v2/receivers", receiver_matchers='name="db"') == [db]
    assert shared_api.get("/api/v2/receivers", receiver_matchers='name!="db"') == [chat]


def test_alerts_are_taken_and_shown(api: Running) -> None:
    body = [
        {
            **alert("Down", team="db", empty=""),
            "annotations": {"summary": "ü", "runbook": ""},
            "startsAt": "2026-01-01T00:00:00.123456789+01:00",
            "endsAt": "2126-01-01T00:00:00Z",
            "generatorURL": "http://x",
        },
        alert("Ended") | {"endsAt": "2020-01-01T00:00:00Z"},
    ]
    response = api.client.post("/api/v2/alerts", json=body)
    assert (response.status_code, response.text) == (200, "")
    (shown,) = api.get("/api/v2/alerts")
    updated = shown.pop("updatedAt")
    assert updated.endswith("Z")
    assert shown == {
        "annotations": {"runbook": "", "summary": "ü"},
        "endsAt": "2126-01-01T00:00:00.000Z",
        "fingerprint": Alert(Labels({"alertname": "Down", "team": "db"})).fingerprint,
        "generatorURL": "http://x",
        "labels": {"alertname": "Down", "team": "db"},
        "receivers": [{"name": "db"}, {"name": "chat"}],
        "startsAt": "2026-01-01T00:00:00.123+01:00",
        "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
    }
    assert (
        api.registry.get_sample_value(
            "alertmanager_alerts_received_total", {"status": "resolved", "version": "v2"}
        )
        == 1
    )


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ("[", 400, "the body is not JSON"),
        ("[NaN]", 400, "the body is not JSON"),
        ("", 422, "alerts in body is required"),
        ("null", 422, "alerts in body is required"),
        ({}, 400, "the body must be a list of alerts"),
        ([1], 400, "an alert must be an object"),
        ([{}], 422, "labels in body is required"),
        ([{"labels": {"a": ""}}], 400, "an alert needs at least one label"),
        ([{"labels": {"a": 1}}], 400, "labels: must be names with texts"),
        ([{"labels": {"": "x"}}], 400, "labels: must be names with texts"),
        ('[{"labels": {"a": "\\ud800"}}]', 400, "labels: must be names with texts"),
        ([{"labels": []}], 400, "labels must be an object"),
        ([alert("A") | {"annotations": {"a": 1}}], 400, "annotations: must be names with texts"),
        ([alert("A") | {"annotations": {"": "a"}}], 400, "annotations: must be names with texts"),
        ([alert("A") | {"startsAt": "yesterday"}], 400, "startsAt: 'yesterday' is not a time"),
        ([alert("A") | {"startsAt": 1700000000}], 400, "startsAt must be a text"),
        ([alert("A") | {"startsAt": stamp(10), "endsAt": stamp(1)}], 400, "startsAt must be before endsAt"),
        # It is over before it begins: after the resolve_timeout.
        ([alert("A") | {"startsAt": stamp(86_400)}], 400, "startsAt must be before endsAt"),
        ([alert("A") | {"generatorURL": "::not a url"}], 422, "generatorURL in body must be of type uri"),
    ],
)
def test_alerts_that_are_refused(shared_api: Running, body: Any, status: int, sentence: str) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    response = shared_api.client.post("/api/v2/alerts", content=content)
    assert (response.status_code, sentence in response.json()) == (status, True), response.text
    assert shared_api.get("/api/v2/alerts") == []


def test_good_alerts_among_bad_ones_are_taken(api: Running) -> None:
    response = api.client.post(
        "/api/v2/alerts", json=[alert("Good"), {"labels": {}}, alert("Fine"), alert("", a="")]
    )
    assert response.status_code == 400
    assert names(api.get("/api/v2/alerts")) == ["Fine", "Good"]
    # What is no alert at all, by its types or the schema, refuses all of them.
    for bad in ({}, {"labels": 1}, alert("Bad") | {"startsAt": "now"}):
        assert api.client.post("/api/v2/alerts", json=[alert("Other"), bad]).is_client_error
    assert names(api.get("/api/v2/alerts")) == ["Fine", "Good"]
    assert api.registry.get_sample_value("alertmanager_alerts_invalid_total", {"version": "v2"}) == 2


def test_a_body_that_is_too_large_is_refused(api: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.web.api_v2.body.MAX_BYTES", 1000)
    response = api.client.post("/api/v2/alerts", json=[alert("A", text="x" * 2000)])
    assert response.status_code == 413


def post_examples(api: Running) -> str:
    """Five alerts, one of them silenced and one inhibited; the id of the silence."""
    alerts = [
        alert("Silenced", team="db"),
        alert("Source", severity="crit", zone="1"),
        alert("Inhibited", severity="warn", zone="1", team="web"),
        alert("Muted", muted="yes"),
        alert("Plain", team="db"),
    ]
    api.client.post("/api/v2/alerts", json=alerts).raise_for_status()
    body = silence({"name": "alertname", "value": "Sil.*", "isRegex": True})
    created: str = api.client.post("/api/v2/silences", json=body).raise_for_status().json()["silenceID"]
    return created


def test_alerts_are_filtered(api: Running) -> None:
    silence_id = post_examples(api)
    everything = {one["labels"]["alertname"]: one for one in api.get("/api/v2/alerts")}
    assert set(everything) == {"Silenced", "Source", "Inhibited", "Muted", "Plain"}
    assert everything["Silenced"]["status"]["silencedBy"] == [silence_id]
    assert everything["Inhibited"]["status"] == {
        "inhibitedBy": [everything["Source"]["fingerprint"]],
        "mutedBy": [],
        "silencedBy": [],
        "state": "suppressed",
    }

    def query(**parameters: Any) -> list[str]:
        return names(api.get("/api/v2/alerts", **parameters))

    assert query(silenced="false") == ["Inhibited", "Muted", "Plain", "Source"]
    assert query(inhibited="false") == ["Muted", "Plain", "Silenced", "Source"]
    assert query(active="false") == ["Inhibited", "Silenced"]
    assert query(filter=['team="db"']) == ["Plain", "Silenced"]
    assert query(filter=["team=~d.*", "alertname!=Plain"]) == ["Silenced"]
    assert query(receiver="d.") == ["Plain", "Silenced"]
    assert query(receiver="d") == []
    assert query(receiver_matchers="name=~d.*") == ["Plain", "Silenced"]
    assert query(receiver_matchers="team=x") == []
    bad = ({"filter": "{a=b}"}, {"filter": "x"}, {"receiver": "("})
    # Whatever is not true is false.
    assert query(active="maybe") == query(active="false")
    assert len(query(active="")) == len(query(receiver="")) == 5
    for parameters in (*bad, {"receiver_matchers": "x"}):
        assert api.client.get("/api/v2/alerts", params=parameters).status_code == 400


def test_alerts_are_listed_by_group_with_what_suppresses_them(api: Running) -> None:
    post_examples(api)
    groups = api.get("/api/v2/alerts/groups")
    shown = [(group["receiver"]["name"], group["labels"], names(group["alerts"])) for group in groups]
    assert shown == [
        ("db", {"team": "db"}, ["Plain", "Silenced"]),
        ("chat", {"alertname": "Inhibited"}, ["Inhibited"]),
        ("chat", {"alertname": "Muted"}, ["Muted"]),
        ("chat", {"alertname": "Plain"}, ["Plain"]),
        ("chat", {"alertname": "Silenced"}, ["Silenced"]),
        ("chat", {"alertname": "Source"}, ["Source"]),
    ]
    assert groups[3]["alerts"][0]["receivers"] == [{"name": "chat"}, {"name": "db"}]
    assert groups[2]["alerts"][0]["status"]["mutedBy"] == ["always"]
    assert groups[2]["alerts"][0]["status"]["state"] == "suppressed"
    assert len(api.get("/api/v2/alerts/groups", muted="false")) == 5
    only = api.get("/api/v2/alerts/groups", receiver="db", silenced="false")
    assert [names(group["alerts"]) for group in only] == [["Plain"]]


def test_silences_are_created_listed_changed_and_expired(api: Running) -> None:
    body = silence(
        {"name": "a", "value": "b", "isRegex": False},
        {"name": "c", "value": "d.*", "isRegex": True, "isEqual": False},
    )
    first = api.client.post("/api/v2/silences", json=body).json()["silenceID"]
    pending = silence({"name": "x", "value": "y", "isRegex": False}, startsAt=stamp(600))
    second = api.client.post("/api/v2/silences", json=pending).json()["silenceID"]
    shown = api.get(f"/api/v2/silence/{first}")
    assert shown["status"] == {"state": "active"}
    assert shown["matchers"] == [
        {"isEqual": True, "isRegex": False, "name": "a", "value": "b"},
        {"isEqual": False, "isRegex": True, "name": "c", "value": "d.*"},
    ]
    assert (shown["createdBy"], shown["comment"]) == ("me", "why")
    assert [one["id"] for one in api.get("/api/v2/silences")] == [first, second]
    assert [one["id"] for one in api.get("/api/v2/silences", filter="a=b")] == [first]
    assert api.get("/api/v2/silences", filter="a=~b") == []
    assert [one["id"] for one in api.get("/api/v2/silences", active="false")] == [second]
    assert [one["id"] for one in api.get("/api/v2/silences", pending="false")] == [first]
    assert len(api.get("/api/v2/silences", creator="me")) == 2
    assert api.get("/api/v2/silences", creator="you") == []

    changed = api.client.post("/api/v2/silences", json={**shown, "comment": "because"})
    assert changed.json() == {"silenceID": first}
    moved = api.client.post("/api/v2/silences", json={**shown, "matchers": shown["matchers"][:1]})
    third = moved.json()["silenceID"]
    assert third != first
    assert api.get(f"/api/v2/silence/{first}")["status"] == {"state": "expired"}
    assert api.client.delete(f"/api/v2/silence/{third}").status_code == 200
    assert api.client.delete(f"/api/v2/silence/{third}").status_code == 200
    assert [one["status"]["state"] for one in api.get("/api/v2/silences")] == [
        "pending",
        "expired",
        "expired",
    ]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (silence(), 422, "matchers in body should have at least 1 items"),
        (silence({"name": "a", "value": "", "isRegex": False}), 400, "must not match the empty string"),
        (silence({"name": "a", "value": "(", "isRegex": True}), 400, "is not a regular expression"),
        (silence(SOME, endsAt=stamp(-1)), 400, "the start must be before the end"),
        (silence(SOME, startsAt=stamp(-9), endsAt=stamp(-1)), 400, "in the past"),
        (silence(SOME, id="x"), 404, "there is no silence x"),
        (silence(SOME, comment=None), 422, "comment in body is required"),
        (silence({"name": "a", "value": "b"}), 422, "isRegex in body is required"),
        (silence(SOME, startsAt="later"), 400, "startsAt: 'later' is not a time"),
        (silence(SOME, annotations={"a": 1}), 400, "annotations: must be names with texts"),
        (None, 422, "silence in body is required"),
        (silence({"name": "a", "value": "b", "isRegex": "yes"}), 400, "isRegex must be true or false"),
        (silence({"name": "a", "value": "b"}, comment="\ud800"), 400, "comment must be UTF-8"),
        ([], 400, "a silence must be an object"),
    ],
)
def test_silences_that_are_refused(shared_api: Running, body: Any, status: int, sentence: str) -> None:
    response = shared_api.client.post("/api/v2/silences", content=json.dumps(body))
    assert (response.status_code, sentence in response.json()) == (status, True), response.text


def test_unknown_silences(shared_api: Running) -> None:
    for name, status in (("nothing", 422), ("00000000-0000-0000-0000-000000000000", 404)):
        assert shared_api.client.get(f"/api/v2/silence/{name}").status_code == status
        assert shared_api.client.delete(f"/api/v2/silence/{name}").status_code == status


def test_a_slash_at_the_end_makes_no_difference(api: Running) -> None:
    assert api.client.post("/api/v2/alerts/", json=[alert("A")]).status_code == 200
    assert names(api.get("/api/v2/alerts/")) == ["A"]
    assert api.get("/api/v2/silences/") == []


def test_annotations_of_a_silence_are_kept(api: Running) -> None:
    body = silence(SOME, annotations={"ticket": "X-1", "empty": ""})
    created = api.client.post("/api/v2/silences", json=body).json()["silenceID"]
    assert api.get(f"/api/v2/silence/{created}")["annotations"] == {"empty": "", "ticket": "X-1"}


def test_a_silence_that_cannot_be_saved_is_refused(api: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    created = api.client.post("/api/v2/silences", json=silence(SOME)).json()["silenceID"]

    async def fail(*_: object) -> bool:
        return False

    monkeypatch.setattr(MemoryAlertStore, "save_silences", fail)
    response = api.client.post("/api/v2/silences", json=silence(SOME))
    assert (response.status_code, "cannot be saved" in response.json()) == (503, True)
    assert api.client.delete(f"/api/v2/silence/{created}").status_code == 503
    assert [one["id"] for one in api.get("/api/v2/silences", active="true", expired="false")] == [created]


def test_history_of_notifications(api: Running) -> None:
    api.client.post("/api/v2/alerts", json=[alert("Down", team="db")]).raise_for_status()
    records: list[dict[str, Any]] = []
    for _ in range(100):
        records = api.get("/api/notifications")
        if records:
            break
        time.sleep(0.02)
    (record,) = records
    assert record.pop("at")
    assert record == {
        "receiver": "db",
        "integration": "webhook",
        "groupKey": '{}/{team="db"}:{team="db"}',
        "groupLabels": {"team": "db"},
        "outcome": "sent",
        "error": "",
        "attempts": 1,
        "firing": 1,
        "resolved": 0,
        "alerts": [{"labels": {"alertname": "Down", "team": "db"}, "status": "firing"}],
    }
    assert api.get("/api/notifications", receiver="chat") == []
    assert api.client.get("/api/notifications", params={"limit": "0"}).status_code == 400


async def _amtool(url: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        require_program("amtool"),
        f"--alertmanager.url={url}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    # On stderr stands that its version is not ours.
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, (output if process.returncode == 0 else errors).decode()


def amtool(api: Running, *arguments: str) -> str:
    """What amtool prints; it must succeed."""
    status, output = asyncio.run(_amtool(api.url, *arguments))
    assert status == 0, output
    return output


@pytest.mark.peers("amtool")
def test_amtool_alerts(api: Running) -> None:
    amtool(api, "alert", "add", "Disk", "node=a", "team=db", "--annotation=summary=full")
    amtool(api, "alert", "add", "Net", "node=b", "--start=2026-01-01T00:00:00Z")
    shown = json.loads(amtool(api, "alert", "query", "-o", "json"))
    assert names(shown) == ["Disk", "Net"]
    assert "Disk" in amtool(api, "alert", "query", "team=db")
    assert "Net" not in amtool(api, "alert", "query", "-o", "extended", "node=~a.*")
    assert "Disk" in amtool(api, "alert", "query", "--receiver=db")


@pytest.mark.peers("amtool")
def test_amtool_silences(api: Running) -> None:
    created = amtool(
        api, "silence", "add", "alertname=Disk", 'node=~"a|b"', "-d", "1h", "-c", "why", "-a", "me"
    ).strip()
    assert created in amtool(api, "silence", "query")
    assert created in amtool(api, "silence", "query", "-q", "alertname=Disk")
    assert created not in amtool(api, "silence", "query", "-q", "alertname=Net")
    amtool(api, "alert", "add", "Disk", "node=a")
    assert "Disk" not in amtool(api, "alert", "query")
    assert "Disk" in amtool(api, "alert", "query", "--silenced")
    amtool(api, "silence", "update", "-d", "2h", "-c", "longer", created)
    (shown,) = json.loads(amtool(api, "silence", "query", "-o", "json"))
    assert (shown["id"], shown["comment"]) == (created, "longer")
    amtool(api, "silence", "expire", created)
    assert created not in amtool(api, "silence", "query", "-q")
    assert created in amtool(api, "silence", "query", "--expired", "-q")
    assert "Disk" in amtool(api, "alert", "query")


@pytest.mark.peers("amtool")
def test_amtool_silences_are_exported_and_imported(api: Running, tmp_path: Path) -> None:
    amtool(api, "silence", "add", "alertname=Disk", "-d", "1h", "-c", "why", "-a", "me")
    exported = tmp_path / "silences.json"
    exported.write_text(amtool(api, "silence", "query", "-o", "json"))
    amtool(api, "silence", "import", str(exported))
    assert len(api.get("/api/v2/silences")) >= 1


@pytest.mark.peers("amtool")
def test_amtool_config(api: Running) -> None:
    shown = amtool(api, "config", "show")
    assert "receiver: chat" in shown
    assert "T0PSECRET" not in shown
    assert "Routing tree" in amtool(api, "config", "routes", "show")
    assert amtool(api, "config", "routes", "test", "team=db").split() == ["db,chat"]
    assert amtool(api, "config", "routes", "test", "team=other").split() == ["chat"]
    assert amtool(api, "cluster", "show")
