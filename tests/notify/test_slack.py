"""Messages to a server that is shaped like Slack."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import NotifyError
from exporter.model.labels import Labels
from exporter.notify.notification import Notification
from tests.notify.http_listener import HANG, RESET, HttpListener, Reply, json_reply
from tests.notify.samples import HOSTILE, alert, make, notification

_POSTED = json_reply({"ok": True, "channel": "C123", "ts": "1704164700.000100"})


def send(config: str, *sent: Notification, reply: Reply | None = None) -> list[dict[str, Any]]:
    """The messages that an incoming webhook gets; `config` is the inner part of an entry of slack_configs."""

    async def run() -> list[dict[str, Any]]:
        async with HttpListener(reply or Reply()) as listener:
            integration = make(f"slack_configs: [{{api_url: '{listener.url}', {config}}}]")
            for one in sent or (notification(),):
                await integration.send(one)
            return [request.json for request in listener.requests]

    return asyncio.run(run())


def test_a_message_has_the_default_texts() -> None:
    assert send("channel: '#ops'") == [
        {
            "channel": "#ops",
            "username": "Alertmanager",
            "attachments": [
                {
                    "title": "[FIRING:1] Down (a:1 redis)",
                    "title_link": "http://vigil.example:9121/#/alerts?receiver=team%5C.x",
                    "text": "",
                    "fallback": "[FIRING:1] Down (a:1 redis) | "
                    "http://vigil.example:9121/#/alerts?receiver=team%5C.x",
                    "callback_id": "",
                    "footer": "",
                    "color": "danger",
                    "mrkdwn_in": ["fallback", "pretext", "text"],
                }
            ],
        }
    ]


def test_a_message_about_resolved_alerts_is_green() -> None:
    (message,) = send("send_resolved: true", notification(alert(resolved=True)))
    assert message["attachments"][0]["title"] == "[RESOLVED] Down (a:1 redis)"
    assert message["attachments"][0]["color"] == "good"


def test_every_field() -> None:
    entry = {
        "channel": "#{{ .Status }}",
        "username": "u {{ .Status }}",
        "color": "{{ .Status }}",
        "title": "t{{ .Status }}",
        "title_link": "http://{{ .Status }}",
        "pretext": "p{{ .Status }}",
        "text": "x{{ .Status }}",
        "message_text": "m{{ .Status }}",
        "footer": "f{{ .Status }}",
        "fallback": "b{{ .Status }}",
        "callback_id": "c{{ .Status }}",
        "icon_emoji": ":{{ .Status }}:",
        "icon_url": "http://i/{{ .Status }}",
        "image_url": "http://g/{{ .Status }}",
        "thumb_url": "http://h/{{ .Status }}",
        "link_names": True,
        "mrkdwn_in": ["text"],
        "short_fields": True,
        "fields": [
            {"title": "a{{ .Status }}", "value": "b{{ .Status }}"},
            {"title": "c", "value": "d", "short": False},
        ],
        "actions": [
            {
                "type": "button",
                "text": "g{{ .Status }}",
                "url": "http://{{ .Status }}",
                "name": "n",
                "style": "danger",
            },
            {
                "type": "button",
                "text": "h",
                "name": "n",
                "value": "v",
                "confirm": {"text": "q{{ .Status }}", "ok_text": "o"},
            },
        ],
    }
    (message,) = send(json.dumps(entry)[1:-1])
    assert message == {
        "channel": "#firing",
        "username": "u firing",
        "icon_emoji": ":firing:",
        "icon_url": "http://i/firing",
        "link_names": True,
        "text": "mfiring",
        "attachments": [
            {
                "title": "tfiring",
                "title_link": "http://firing",
                "pretext": "pfiring",
                "text": "xfiring",
                "fallback": "bfiring",
                "callback_id": "cfiring",
                "image_url": "http://g/firing",
                "thumb_url": "http://h/firing",
                "footer": "ffiring",
                "color": "firing",
                "mrkdwn_in": ["text"],
                "fields": [
                    {"title": "afiring", "value": "bfiring", "short": True},
                    {"title": "c", "value": "d", "short": False},
                ],
                "actions": [
                    {"type": "button", "text": "gfiring", "url": "http://firing", "style": "danger"},
                    {
                        "type": "button",
                        "text": "h",
                        "name": "n",
                        "value": "v",
                        "confirm": {"text": "qfiring", "ok_text": "o"},
                    },
                ],
            }
        ],
    }


def test_title_is_cut_at_1024_characters() -> None:
    title = send(f"title: '{'é' * 1024}'")[0]["attachments"][0]["title"]
    assert title == "é" * 1024
    title = send(f"title: '{'é' * 1025}'")[0]["attachments"][0]["title"]
    assert title == "é" * 1023 + "…"


def test_title_is_cut_before_it_is_escaped() -> None:
    title = send("title: '{{ .CommonLabels.x }}'", notification(alert(x="<" * 2000)))[0]["attachments"][0][
        "title"
    ]
    assert title == "&lt;" * 1023 + "…"


class TestInjection:
    def test_text_from_outside_means_nothing_to_slack(self) -> None:
        text = "{{ range .Alerts }}{{ .Labels.x }} {{ .Annotations.summary | toUpper }}{{ end }}"
        bad = replace(alert(x=HOSTILE), generator_url="http://x/?a=1&b=<2>")
        (message,) = send(
            f"title: '{text}', pretext: '{text}', text: '{text}', footer: '{text}', fallback: '{text}',"
            f" message_text: '{text}', fields: [{{title: '{text}', value: '{text}'}}],"
            f" actions: [{{type: button, text: '{text}', name: n, confirm: {{text: '{text}'}}}}]",
            notification(bad),
        )
        shown = json.dumps(message)
        assert "<!channel>" not in shown
        assert "<" not in shown
        assert "&lt;!channel&gt; &lt;http://evil|click&gt; &amp;amp;" in shown

    def test_markup_of_the_template_stays(self) -> None:
        (message,) = send(
            "text: '<!here> *{{ .Status }}* <{{ .ExternalURL }}|a & b> {{ .CommonLabels.x }}'",
            notification(alert(x="<x>")),
        )
        assert message["attachments"][0]["text"] == (
            "<!here> *firing* <http://vigil.example:9121|a & b> &lt;x&gt;"
        )

    def test_comparisons_see_the_original(self) -> None:
        (message,) = send(
            'text: \'{{ if eq .CommonLabels.x "a<b&c" }}eq{{ end }} {{ len .CommonLabels.x }}'
            ' {{ match "<b" .CommonLabels.x }} {{ urlquery .CommonLabels.x }} {{ .CommonLabels.x | toUpper }}'
            ' {{ printf "%q" .CommonLabels.x }} {{ gt (len .CommonLabels) 2 }}\'',
            notification(alert(x="a<b&c")),
        )
        assert message["attachments"][0]["text"] == ('eq 5 true a%3Cb%26c A&lt;B&amp;C "a&lt;b&amp;c" true')

    def test_what_is_unescaped_is_guarded_again(self) -> None:
        (message,) = send(
            "text: '{{ urlUnescape .CommonLabels.x }}'", notification(alert(x="%3C!channel%3E"))
        )
        assert message["attachments"][0]["text"] == "&lt;!channel&gt;"

    def test_names_are_escaped_too(self) -> None:
        (message,) = send(
            "text: '{{ .CommonLabels.Names | join \" \" }}'",
            notification(replace(alert(), labels=Labels({"<!here>": "x"}))),
        )
        assert "&lt;!here&gt;" in message["attachments"][0]["text"]

    def test_names_of_people_are_not_linked(self) -> None:
        x = notification(alert(x="@channel"))
        (linked,) = send("text: '{{ .CommonLabels.x }} @ops', link_names: true", x)
        assert linked["attachments"][0]["text"] == "@\u200bchannel @ops"
        (plain,) = send("text: '{{ .CommonLabels.x }} @ops'", x)
        assert plain["attachments"][0]["text"] == "@channel @ops"

    def test_addresses_are_not_escaped(self) -> None:
        source = "{{ (index .Alerts 0).GeneratorURL }}"
        (message,) = send(f"title_link: '{source}', actions: [{{type: button, text: x, url: '{source}'}}]")
        attachment = message["attachments"][0]
        assert attachment["title_link"] == attachment["actions"][0]["url"] == alert().generator_url

    def test_stand_ins_in_the_data_are_no_way_around(self) -> None:
        (message,) = send(
            "text: '{{ .CommonLabels.x }}'", notification(alert(x="\U0001d201!channel\U0001d202"))
        )
        assert message["attachments"][0]["text"] == "\ufffd!channel\ufffd"


class TestFaultyTemplates:
    def test_message_is_delivered_with_the_fault_inside(self) -> None:
        (message,) = send("title: '{{ index .Alerts 5 }}', text: 'a {{ .Nope }}', channel: '#ops'")
        attachment = message["attachments"][0]
        assert attachment["title"] == (
            "[FIRING:1] Down (a:1 redis) &lt;error expanding template: "
            "receivers[0].slack_configs[0].title:1:4: error calling index: index out of range: 5&gt;"
        )
        assert attachment["text"] == (
            "&lt;error expanding template: receivers[0].slack_configs[0].text:1:6: "
            "can't evaluate field Nope in type *template.Data&gt;"
        )

    def test_fault_in_an_address_is_told_in_the_text(self) -> None:
        (message,) = send(
            "title_link: '{{ .Nope }}', color: '{{ .Nope }}', text: hello, channel: '{{ .Nope }}'"
        )
        attachment = message["attachments"][0]
        assert "title_link" not in attachment
        assert "color" not in attachment
        assert "channel" not in message
        lines = attachment["text"].split("\n")
        assert lines[0] == "hello"
        assert sorted(line.split(":")[1].split(".")[-1] for line in lines[1:]) == [
            "channel",
            "color",
            "title_link",
        ]

    def test_text_from_outside_in_a_fault_is_escaped(self) -> None:
        (message,) = send(
            "text: '{{ humanizeDuration .CommonLabels.x }}'", notification(alert(x="<!channel>"))
        )
        assert "<" not in message["attachments"][0]["text"]
        assert "&lt;!channel&gt;" in message["attachments"][0]["text"]


@pytest.mark.parametrize(
    ("reply", "retryable", "kind", "message"),
    [
        (
            Reply(200, b"invalid_payload"),
            False,
            "clientError",
            'slack: HOST: channel "#ops": invalid_payload',
        ),
        (Reply(200, b""), False, "clientError", 'slack: HOST: channel "#ops": an empty answer'),
        (
            json_reply({"ok": False, "error": "channel_not_found"}),
            False,
            "clientError",
            'slack: HOST: channel "#ops": channel_not_found',
        ),
        (json_reply({}), False, "clientError", 'slack: HOST: channel "#ops": {}'),
        (
            Reply(400, b"invalid_token"),
            False,
            "clientError",
            "slack: HOST: unexpected status code 400: invalid_token",
        ),
        (
            Reply(403, b"action_prohibited"),
            False,
            "clientError",
            "slack: HOST: unexpected status code 403: action_prohibited",
        ),
        (
            Reply(404, b"no_service"),
            False,
            "clientError",
            "slack: HOST: unexpected status code 404: no_service",
        ),
        (
            Reply(429, b"", {"Retry-After": "30"}),
            True,
            "rateLimited",
            "slack: HOST: unexpected status code 429; it asks to wait 30 s, until 2024-01-02T03:05:30Z",
        ),
        (
            Reply(500, b"rollup_error"),
            True,
            "serverError",
            "slack: HOST: unexpected status code 500: rollup_error",
        ),
        (RESET, True, "other", "slack: HOST: the connection was closed without an answer"),
        (HANG, True, "contextDeadlineExceeded", "slack: HOST: no answer within 0.2 s"),
    ],
)
def test_a_refusal_is_retried_or_final_with_its_reason(
    reply: Reply, retryable: bool, kind: str, message: str
) -> None:
    # Only of who never answers is the deadline the subject.
    timeout = "200ms" if reply is HANG else "30s"
    with pytest.raises(NotifyError) as caught:
        send(f"channel: '#ops', timeout: {timeout}", reply=reply)
    error = caught.value
    shown = re.sub(r"^slack: 127\.0\.0\.1:\d+: ", "slack: HOST: ", str(error))
    assert (error.retryable, error.kind, shown) == (retryable, kind, message)
    assert error.retry_after_seconds == (30.0 if kind == "rateLimited" else None)


def test_incoming_webhook_from_a_file(tmp_path: Path) -> None:
    async def run() -> None:
        async with HttpListener() as listener:
            (tmp_path / "url").write_text(f"{listener.url}/services/x\n")
            await make(f"slack_configs: [{{api_url_file: '{tmp_path / 'url'}'}}]").send(notification())
            assert listener.requests[0].target == "/services/x"

    asyncio.run(run())


class TestApp:
    def test_a_token_is_sent_from_texts_and_files(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("xoxb-file\n")

        async def run() -> None:
            async with HttpListener(_POSTED) as listener:
                url = f"{listener.url}/api/chat.postMessage"
                await make(f"slack_configs: [{{app_token: xoxb, app_url: '{url}', channel: c}}]").send(
                    notification()
                )
                entry = f"app_token_file: '{tmp_path / 'token'}', app_url: '{url}', channel: c"
                await make(f"slack_configs: [{{{entry}}}]").send(notification())
                await make(
                    "slack_configs: [{channel: c}]", global_=f"{{slack_app_token: g, slack_app_url: '{url}'}}"
                ).send(notification())
                tokens = [request.headers["authorization"] for request in listener.requests]
                assert tokens == ["Bearer xoxb", "Bearer xoxb-file", "Bearer g"]
                assert {request.target for request in listener.requests} == {"/api/chat.postMessage"}

        asyncio.run(run())

    def test_update_message(self) -> None:
        async def run() -> None:
            async with HttpListener(_POSTED) as listener:
                url = f"{listener.url}/api/chat.postMessage"
                entry = f"app_token: x, app_url: '{url}', channel: '#ops', update_message: true"
                integration = make(f"slack_configs: [{{{entry}}}]")
                await integration.send(notification())
                await integration.send(notification(alert(), alert("b:2")))
                await integration.send(replace(notification(), group_key="another"))
                await integration.send(notification(alert(resolved=True)))
                await integration.send(notification())
                sent = [(request.target, request.json) for request in listener.requests]
                assert [target for target, _ in sent] == [
                    "/api/chat.postMessage",
                    "/api/chat.update",
                    "/api/chat.postMessage",
                    "/api/chat.update",
                    # All was over: this is news, and gets a message that people notice.
                    "/api/chat.postMessage",
                ]
                assert [body.get("ts") for _, body in sent] == [
                    None,
                    "1704164700.000100",
                    None,
                    "1704164700.000100",
                    None,
                ]
                assert [body["channel"] for _, body in sent] == ["#ops", "C123", "#ops", "C123", "#ops"]

        asyncio.run(run())

    def test_message_that_cannot_be_changed_is_posted_again(self) -> None:
        async def run() -> None:
            refused = json_reply({"ok": False, "error": "message_not_found"})
            async with HttpListener(_POSTED, refused, _POSTED) as listener:
                url = f"{listener.url}/api/chat.postMessage"
                integration = make(
                    f"slack_configs: [{{app_token: x, app_url: '{url}', update_message: true}}]"
                )
                await integration.send(notification())
                await integration.send(notification())
                assert [request.target for request in listener.requests] == [
                    "/api/chat.postMessage",
                    "/api/chat.update",
                    "/api/chat.postMessage",
                ]

        asyncio.run(run())

    def test_change_that_fails_for_now_is_not_posted_again(self) -> None:
        async def run() -> None:
            async with HttpListener(_POSTED, Reply(500)) as listener:
                url = f"{listener.url}/api/chat.postMessage"
                integration = make(
                    f"slack_configs: [{{app_token: x, app_url: '{url}', update_message: true}}]"
                )
                await integration.send(notification())
                with pytest.raises(NotifyError) as caught:
                    await integration.send(notification())
                assert caught.value.retryable
                assert len(listener.requests) == 2

        asyncio.run(run())
