"""Receivers that refuse long messages, ask to wait, hang, or would see a password; slow templates."""

import asyncio
import json
import socket
import time
from typing import Any

import pytest

from exporter.config.alertmanager.email import EmailConfig
from exporter.connection import names
from exporter.errors import NotifyError
from exporter.model.secret import Secret
from exporter.notify.email import make_server
from exporter.notify.slack_limits import AFTER_REFUSAL, USUAL, cut, shorten
from tests.faults.raw_server import raw_server
from tests.notify.http_listener import HttpListener, Reply, json_reply
from tests.notify.samples import alert, make, notification

MB = 1 << 20


@pytest.mark.parametrize(
    "refusal", [Reply(400, b"msg_too_long"), json_reply({"ok": False, "error": "msg_too_long"}), Reply(413)]
)
def test_a_slack_message_that_is_too_long_is_sent_once_more_shortened(refusal: Reply) -> None:
    async def run() -> list[Any]:
        async with HttpListener(refusal, Reply()) as slack:
            entry = "text: '{{ range .Alerts }}<b> {{ .Labels.instance }} is down & out\n{{ end }}'"
            integration = make(f"slack_configs: [{{api_url: '{slack.url}', {entry}}}]")
            await integration.send(notification(*[alert(f"host{number}:1") for number in range(3_000)]))
            return [request.json["attachments"][0]["text"] for request in slack.requests]

    first, second = asyncio.run(run())
    assert 20_000 < len(first) <= 40_000
    assert len(second) <= 1_800
    assert "shortened" in second
    assert second.startswith(first[:500])


def test_a_message_that_is_too_long_twice_is_given_up() -> None:
    async def run() -> int:
        async with HttpListener(Reply(400, b"msg_too_long")) as slack:
            with pytest.raises(NotifyError, match="msg_too_long") as caught:
                await make(f"slack_configs: [{{api_url: '{slack.url}'}}]").send(notification())
            assert not caught.value.retryable
            return len(slack.requests)

    assert asyncio.run(run()) == 2


@pytest.mark.parametrize("text", ["a" * 100, "a\n" * 100, "&amp;" * 100, "<http://x|y>" * 50, "\n" * 100])
def test_what_is_cut_holds_no_half_entity_or_link(text: str) -> None:
    for longest in range(30, 80):
        short = cut(text, longest)
        assert len(short) <= longest
        assert short.count("<") == short.count(">")
        assert short.count("&") == short.count(";")


def test_the_shortest_message_has_less_than_4000_characters() -> None:
    long = "x" * 50_000
    fields = [{"title": long, "value": long, "short": True}] * 50
    attachment = {"text": long, "pretext": long, "fallback": long, "title": long, "footer": long}
    payload = {"text": long, "attachments": [{**attachment, "fields": fields}]}
    assert len(json.dumps(shorten(payload, AFTER_REFUSAL))) < 4_200
    assert len(shorten(payload, USUAL)["text"]) == 40_000


@pytest.mark.parametrize("header", ["86400", "Fri, 31 Dec 2100 00:00:00 GMT"])
def test_how_long_a_receiver_asks_to_wait_is_said(header: str) -> None:
    async def run() -> NotifyError:
        async with HttpListener(Reply(503, b"", {"Retry-After": header})) as hook:
            with pytest.raises(NotifyError) as caught:
                await make(f"webhook_configs: [{{url: '{hook.url}'}}]").send(notification())
            return caught.value

    error = asyncio.run(run())
    assert error.retry_after_seconds == 300
    assert "asks to wait" in str(error)
    assert "tried again after 300 s" in str(error)


_EHLO = b"250-mail.example.com\r\n250 AUTH %s\r\n"


def _mail(greeting: bytes, ehlo: bytes, rest: bytes = b"535 no\r\n") -> Any:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await reader.readline():
            heard.append(line)
            writer.write(ehlo if line.startswith(b"EHLO") else rest)

    heard: list[bytes] = []
    return talk, heard


def _deliver(talk: Any, monkeypatch: pytest.MonkeyPatch, **options: Any) -> NotifyError:
    """To a mail server of another machine, by its name."""
    monkeypatch.setattr(names, "look_up", lambda host: ("127.0.0.1",))

    async def run() -> NotifyError:
        async with raw_server(talk) as server:
            config = EmailConfig.model_validate(
                {
                    "to": "a@example.com",
                    "from": "b@example.com",
                    "smarthost": f"mail.example.com:{server.port}",
                    "require_tls": False,
                    "auth_username": "me",
                    **{key: value for key, value in options.items() if key != "auth_without_tls"},
                }
            )
            mail = make_server(config, auth_without_tls=options.get("auth_without_tls", False))
            with pytest.raises(NotifyError) as caught:
                async with asyncio.timeout(60):
                    await mail.deliver("b@example.com", ["a@example.com"], b"x")
            return caught.value

    return asyncio.run(run())


@pytest.mark.parametrize("method", [b"LOGIN", b"PLAIN", b"LOGIN PLAIN"])
def test_a_password_is_not_sent_readable(method: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    talk, heard = _mail(b"220 hi\r\n", _EHLO % method)
    error = _deliver(talk, monkeypatch, auth_password=Secret("pa55"))
    assert "alerting.smtp_auth_without_tls" in str(error)
    assert not any(line.startswith(b"AUTH") for line in heard)


@pytest.mark.parametrize("method", [b"LOGIN", b"PLAIN"])
def test_unless_that_is_allowed(method: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    talk, heard = _mail(b"220 hi\r\n", _EHLO % method)
    _deliver(talk, monkeypatch, auth_password=Secret("pa55"), auth_without_tls=True)
    assert any(line.startswith(b"AUTH " + method) for line in heard)


def test_cram_md5_is_used_where_the_server_offers_it_last(monkeypatch: pytest.MonkeyPatch) -> None:
    talk, heard = _mail(b"220 hi\r\n", _EHLO % b"LOGIN CRAM-MD5")
    _deliver(talk, monkeypatch, auth_password=Secret("pa55"), auth_secret=Secret("s3cret"))
    assert [line for line in heard if line.startswith(b"AUTH")] == [b"AUTH CRAM-MD5\r\n"]


@pytest.mark.parametrize(
    ("greeting", "ehlo"),
    [
        (b"220-more\r\n" * 100_000, b""),
        (b"2" * 10 * MB, b""),
        (b"220 hi\r\n", b"250-x\r\n" * 1_000_000),
        (b"220 hi\r\n", b"250 " + b"x" * 10 * MB),
    ],
)
def test_replies_of_mail_servers_are_bounded(
    greeting: bytes, ehlo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, _ = _mail(greeting, ehlo)
    error = _deliver(talk, monkeypatch)
    assert error.retryable
    assert len(str(error)) < 500


def test_a_mail_server_that_drips_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.notify.smtp._COMMAND_TIMEOUT_SECONDS", 0.5)

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await asyncio.sleep(0.02)

    assert _deliver(talk, monkeypatch).kind == "contextDeadlineExceeded"


def test_names_that_hang_keep_no_other_receiver_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    names.name_of.cache_clear()

    def look_up(host: str) -> tuple[str, ...]:
        if host.startswith("hangs"):
            time.sleep(5)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return ("127.0.0.1",)

    monkeypatch.setattr(names, "look_up", look_up)

    async def run() -> float:
        async with HttpListener() as hook:
            hanging = [
                asyncio.create_task(
                    make(f"webhook_configs: [{{url: 'http://hangs{number}.test/', timeout: 2s}}]").send(
                        notification()
                    )
                )
                for number in range(30)
            ]
            await asyncio.sleep(0.2)
            began = time.monotonic()
            await make(f"webhook_configs: [{{url: 'http://good.test:{hook.port}/'}}]").send(notification())
            took = time.monotonic() - began
            results = await asyncio.gather(*hanging, return_exceptions=True)
            assert all(isinstance(error, NotifyError) for error in results)
            return took

    assert asyncio.run(run()) < 4


def test_a_message_goes_out_although_its_template_takes_long() -> None:
    nested = "{{ define `a` }}{{ range .Alerts }}{{ len .Labels.SortedPairs }}{{ end }}{{ end }}"
    text = nested + "{{ range .Alerts }}{{ range $.Alerts }}{{ template `a` $ }}{{ end }}{{ end }}"

    async def run() -> tuple[str, float]:
        async with HttpListener() as slack:
            entry = json.dumps({"api_url": slack.url, "text": text, "pretext": text})
            began = time.process_time()
            await make(f"slack_configs: [{entry}]").send(
                notification(*[alert(f"{number}:1") for number in range(400)])
            )
            return slack.requests[0].json["attachments"][0]["text"], time.process_time() - began

    sent, seconds = asyncio.run(run())
    assert "error expanding template" in sent
    assert seconds < 6


def test_a_mail_server_that_repeats_the_password_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = b"AG1lAHBhNTV3b3Jk"  # base64 of an empty identity, me and pa55word
    talk, heard = _mail(b"220 hi\r\n", _EHLO % b"PLAIN", b"535 no: pa55word " + sent + b"\r\n")
    error = _deliver(talk, monkeypatch, auth_password=Secret("pa55word"), auth_without_tls=True)
    assert sent in b"".join(heard)
    assert str(error).endswith("535 no: <secret> <secret>")


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "service_unavailable"])
def test_what_passes_at_slack_is_retried(error: str) -> None:
    async def run() -> NotifyError:
        answer = Reply(
            200, json.dumps({"ok": False, "error": error}).encode(), {**_JSON, "Retry-After": "30"}
        )
        async with HttpListener(answer) as slack:
            with pytest.raises(NotifyError, match=error) as caught:
                await make(f"slack_configs: [{{api_url: '{slack.url}'}}]").send(notification())
            return caught.value

    caught = asyncio.run(run())
    assert (caught.retryable, caught.retry_after_seconds) == (True, 30.0)


_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("error", ["x" * 60_000, "\ud800\x1b[2J", ["a"], "/services/T0/s3cret"])
def test_whatever_slack_calls_an_error_is_shown_in_short(error: object) -> None:
    async def run() -> str:
        answer = Reply(200, json.dumps({"ok": False, "error": error}).encode(), _JSON)
        async with HttpListener(answer) as slack:
            url = f"{slack.url}/services/T0/s3cret"
            with pytest.raises(NotifyError) as caught:
                await make(f"slack_configs: [{{api_url: '{url}'}}]").send(notification())
            return str(caught.value)

    told = asyncio.run(run())
    assert told.isprintable()
    assert len(told) < 400
    assert "s3cret" not in told
