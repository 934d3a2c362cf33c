"""The webhook's format, over real HTTP."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError, NotifyError
from exporter.model.alert import Alert
from exporter.notify.webhook import webhook_body
from tests.notify.http_listener import HANG, RESET, HttpListener, Reply
from tests.notify.samples import HOSTILE, NOW, alert, make, notification


def test_message_is_alertmanagers_byte_for_byte() -> None:
    firing, resolved = alert(), alert("b:2", resolved=True, x="<&>")
    source = '"generatorURL":"http://p.example/graph?g0.expr=up\\u0026g0.tab=1"'
    runbook = '"runbook":"https://r.example/?a=1\\u0026b=2"'
    assert webhook_body(notification(firing, resolved)).decode() == "".join(
        [
            '{"receiver":"team\\\\.x","status":"firing","alerts":[',
            '{"status":"firing","labels":{"alertname":"Down","instance":"a:1","job":"redis"},',
            f'"annotations":{{{runbook},"summary":"a:1 is down"}},',
            '"startsAt":"2024-01-02T03:04:05.678Z","endsAt":"0001-01-01T00:00:00Z",',
            f'{source},"fingerprint":"{firing.fingerprint}"}},',
            '{"status":"resolved","labels":',
            '{"alertname":"Down","instance":"b:2","job":"redis","x":"\\u003c\\u0026\\u003e"},',
            f'"annotations":{{{runbook},"summary":"b:2 is down"}},',
            '"startsAt":"2024-01-02T03:04:05.678Z","endsAt":"2024-01-02T03:04:55Z",',
            f'{source},"fingerprint":"{resolved.fingerprint}"}}],',
            '"groupLabels":{"alertname":"Down"},"commonLabels":{"alertname":"Down","job":"redis"},',
            f'"commonAnnotations":{{{runbook}}},"externalURL":"http://vigil.example:9121","version":"4",',
            '"groupKey":"{}:{alertname=\\"Down\\"}","truncatedAlerts":0}\n',
        ]
    )


def test_alerts_are_posted_as_json() -> None:
    async def check() -> None:
        async with HttpListener(Reply(204, b"")) as listener:
            await make(f"webhook_configs: [{{url: '{listener.url}/hook?a=b'}}]").send(notification())
            (request,) = listener.requests
            assert (request.method, request.target) == ("POST", "/hook?a=b")
            assert request.headers["content-type"] == "application/json"
            assert request.headers["user-agent"].startswith("redis-vigil")
            assert request.json["version"] == "4"

    asyncio.run(check())


def test_the_message_is_made_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    made_in: list[int] = []

    def body(*_: Any) -> bytes:
        made_in.append(threading.get_ident())
        return b"{}"

    monkeypatch.setattr("exporter.notify.webhook.webhook_body", body)

    async def check() -> None:
        async with HttpListener(Reply(204, b"")) as listener:
            await make(f"webhook_configs: [{{url: '{listener.url}'}}]").send(notification())

    asyncio.run(check())
    assert len(made_in) == 1
    assert made_in[0] != threading.get_ident()


def test_limit_of_alerts() -> None:
    alerts = [alert(f"{number}:1") for number in range(5)]
    sent = webhook_body(replace(notification(*alerts), truncated_alerts=3), max_alerts=2)
    assert b'"truncatedAlerts":6' in sent
    assert sent.count(b'"fingerprint"') == 2


def test_nothing_is_escaped_in_json() -> None:
    async def check() -> None:
        async with HttpListener() as listener:
            await make(f"webhook_configs: [{{url: '{listener.url}'}}]").send(notification(alert(x=HOSTILE)))
            assert listener.requests[0].json["alerts"][0]["labels"]["x"] == HOSTILE

    asyncio.run(check())


def test_big_message() -> None:
    body = webhook_body(notification(*[alert(f"{number}:1", x="y" * 1000) for number in range(2000)]))
    assert len(body) > 2_000_000


def test_url_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "url"

    async def check() -> None:
        async with HttpListener() as listener:
            integration = make(f"webhook_configs: [{{url_file: '{file}'}}]")
            with pytest.raises(NotifyError, match="cannot be read: no such file") as caught:
                await integration.send(notification())
            assert caught.value.retryable
            file.write_text(f"{listener.url}/one\n")
            await integration.send(notification())
            file.write_text(f"  {listener.url}/two  ")
            await integration.send(notification())
            assert [request.target for request in listener.requests] == ["/one", "/two"]

    asyncio.run(check())


def test_url_may_be_a_template() -> None:
    async def check() -> None:
        async with HttpListener() as listener:
            text = f"webhook_configs: [{{url: '{listener.url}/{{{{ .GroupLabels.alertname }}}}'}}]"
            await make(text).send(notification())
            assert listener.requests[0].target == "/Down"
            with pytest.raises(NotifyError, match="the url must be a URL") as caught:
                await make("webhook_configs: [{url: '{{ .Status }}'}]").send(notification())
            assert not caught.value.retryable

    asyncio.run(check())


@pytest.mark.parametrize(
    ("reply", "retryable", "kind", "wait"),
    [
        (Reply(400, b"bad"), False, "clientError", None),
        (Reply(401), False, "clientError", None),
        (Reply(404), False, "clientError", None),
        (Reply(429), True, "rateLimited", None),
        (Reply(429, headers={"Retry-After": "17"}), True, "rateLimited", 17.0),
        (Reply(429, headers={"Retry-After": "Tue, 02 Jan 2024 03:05:30 GMT"}), True, "rateLimited", 30.0),
        (Reply(429, headers={"Retry-After": "Tue, 02 Jan 2024 03:04:30 GMT"}), True, "rateLimited", None),
        (Reply(429, headers={"Retry-After": "soon"}), True, "rateLimited", None),
        (Reply(500, b"oops"), True, "serverError", None),
        (Reply(503, headers={"Retry-After": "5"}), True, "serverError", 5.0),
        (Reply(304), False, "other", None),
        (RESET, True, "other", None),
        (HANG, True, "contextDeadlineExceeded", None),
    ],
)
def test_what_is_retried(reply: Reply, retryable: bool, kind: str, wait: float | None) -> None:
    async def check() -> None:
        async with HttpListener(reply) as listener:
            # Only of who never answers is the deadline the subject.
            timeout = "200ms" if reply is HANG else "30s"
            integration = make(f"webhook_configs: [{{url: '{listener.url}/secret', timeout: {timeout}}}]")
            with pytest.raises(NotifyError) as caught:
                await integration.send(notification(now=NOW))
            error = caught.value
            assert (error.retryable, error.kind, error.retry_after_seconds) == (retryable, kind, wait)
            assert "secret" not in str(error)
            assert str(error).startswith(f"webhook: 127.0.0.1:{listener.port}: ")

    asyncio.run(check())


def test_nobody_listens() -> None:
    async def check() -> None:
        async with HttpListener() as listener:
            integration = make(f"webhook_configs: [{{url: '{listener.url}'}}]")
        with pytest.raises(
            NotifyError, match=r"webhook: 127\.0\.0\.1:\d+: cannot connect: Connection refused"
        ) as caught:
            await integration.send(notification())
        assert caught.value.retryable

    asyncio.run(check())


def test_answer_is_shown_on_one_line_and_not_in_full() -> None:
    async def check() -> None:
        async with HttpListener(Reply(400, b"no\r\n\x1b[31m<b>\x00" + b"x" * 100_000)) as listener:
            with pytest.raises(NotifyError) as caught:
                await make(f"webhook_configs: [{{url: '{listener.url}'}}]").send(notification())
            text = str(caught.value)
            assert text.isprintable()
            assert len(text) < 400

    asyncio.run(check())


def sent(payload: str, *alerts: Alert, extra: str = "") -> Any:
    """What is posted with this `payload`, written as in alertmanager.yml."""

    async def post() -> Any:
        async with HttpListener() as listener:
            text = f"webhook_configs: [{{url: '{listener.url}', payload: {payload}{extra}}}]"
            await make(text).send(notification(*alerts))
            (request,) = listener.requests
            assert request.headers["content-type"] == "application/json"
            return request.json

    return asyncio.run(post())


def test_payload_of_ones_own() -> None:
    payload = """{
        text: '{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}', count: '{{ len .Alerts }}', on: true,
        '{{ .Status }}': [1, 2.5, plain, ~, '{{ if false }}x{{ end }}'],
        labels: '{{ .GroupLabels | toJson }}', nested: {deep: [{er: '{{ .Receiver }}'}]}}"""
    assert sent(payload, alert(), alert("b:2")) == {
        "text": "FIRING: Down",
        "count": 2,
        "on": True,
        "firing": [1, 2.5, "plain", None, ""],
        "labels": {"alertname": "Down"},
        "nested": {"deep": [{"er": "team\\.x"}]},
    }
    assert sent("{}") == {}
    assert sent("'{{ range .Alerts }}{{ .Labels.instance }} {{ end }}'", extra=", max_alerts: 1") == "a:1 "


@pytest.mark.parametrize(
    "text", ['{"admin": true}', "[1]", "{{ .Status }}", "a: b", '"quoted"', "NaN", HOSTILE]
)
def test_text_from_outside_stays_text_in_a_payload(text: str) -> None:
    whole = sent("{key: '{{ .CommonLabels.x }}', all: '{{ .CommonLabels | toJson }}'}", alert(x=text))
    assert whole["key"] == text
    assert whole["all"]["x"] == text


def test_a_payload_that_cannot_be_expanded_is_sent_with_the_fault_in_it() -> None:
    faulty = sent("{good: yes it is, bad: '{{ .Nothing.here }}'}")
    assert faulty["good"] == "yes it is"
    assert faulty["bad"].startswith("<error expanding template:")


def test_a_payload_that_does_not_parse_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"payload\.a\[1\]: the template does not parse"):
        make("webhook_configs: [{url: 'http://h', payload: {a: [x, '{{ .Status']}}]")
