"""The picture of an alert below a message that an app has posted, with a server that is shaped like Slack."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest

from exporter.config.alertmanager.style import MessageStyle
from exporter.model.alert import Alert
from exporter.notify.integration import Integration
from exporter.notify.pictures import Picture
from exporter.notify.trial import Trial, trial_notification, try_all
from tests.notify.http_listener import HttpListener, Reply, Request, json_reply
from tests.notify.pictures import PNG, Pictures, make
from tests.notify.samples import NOW, alert, notification

POSTED = json_reply({"ok": True, "channel": "C1", "ts": "1704164700.000100"})
DONE = json_reply({"ok": True, "files": [{"id": "F1"}]})
APP = "app_token: xoxb-s3cret, app_url: '{url}/api/chat.postMessage', channel: '#ops'"


Story = Callable[[HttpListener, Integration], Awaitable[None]]


def run(story: Story, pictures: Pictures, entry: str = APP, style: MessageStyle = "vigil") -> list[Request]:
    """What arrives at a listener that answers as Slack does, unless the story says otherwise."""

    async def tell() -> list[Request]:
        async with HttpListener() as listener:
            begin = json_reply(
                {"ok": True, "upload_url": f"{listener.url}/upload/v1/x?sig=s", "file_id": "F1"}
            )
            listener.answer_with(POSTED, begin, Reply(body=b"OK - 14"), DONE)
            integration = make(f"slack_configs: [{{{entry.format(url=listener.url)}}}]", pictures, style)
            await story(listener, integration)
            return listener.requests

    return asyncio.run(tell())


async def until(
    condition: Callable[[], object], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    async with asyncio.timeout(10):
        while not condition():  # what is waited for happens at the other side
            await sleep(0.005)


async def sent(listener: HttpListener, integration: Integration) -> None:
    await integration.send(notification())
    await until(lambda: len(listener.requests) == 4)


def form(request: Request) -> dict[str, str]:
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return {name: value for name, (value,) in parse_qs(request.body.decode()).items()}


def test_a_picture_goes_into_the_thread_of_the_message_and_nowhere_public() -> None:
    message, begun, uploaded, ended = run(sent, Pictures())
    assert [one.target for one in (message, begun, uploaded, ended)] == [
        "/api/chat.postMessage",
        "/api/files.getUploadURLExternal",
        "/upload/v1/x?sig=s",
        "/api/files.completeUploadExternal",
    ]
    assert "image_url" not in json.dumps(message.json)
    announced, shared = form(begun), form(ended)
    assert announced["filename"] == "chart.png"
    assert announced["length"] == str(len(PNG))
    assert announced["alt_txt"].endswith("up: from 0 to 1.")
    assert uploaded.body == PNG
    assert uploaded.headers["content-type"] == "image/png"
    assert "authorization" not in uploaded.headers
    assert {begun.headers["authorization"], ended.headers["authorization"]} == {"Bearer xoxb-s3cret"}
    assert shared["channel_id"] == "C1"
    assert shared["thread_ts"] == "1704164700.000100"
    (file,) = json.loads(shared["files"])
    assert file["id"] == "F1"


def test_names_of_others_are_no_markup_in_its_title() -> None:
    _, begun, _, ended = run(sent, Pictures())
    for text in (form(begun)["alt_txt"], json.loads(form(ended)["files"])[0]["title"]):
        assert "channel" in text
        assert not {"<", ">", "\r", "\n"} & set(text)


def test_the_picture_is_of_the_worst_that_fires() -> None:
    pictures = Pictures()

    async def story(listener: HttpListener, integration: Integration) -> None:
        over = alert("over:1", resolved=True, severity="critical")
        await integration.send(
            notification(over, alert("mild:1", severity="info"), alert("bad:1", severity="critical"))
        )
        await until(lambda: len(listener.requests) == 4)

    run(story, pictures)
    assert pictures.asked == [["bad:1", "mild:1", "over:1"]]


@pytest.mark.parametrize(
    ("entry", "style"),
    [
        ("api_url: '{url}/services/T/B/x'", "vigil"),
        (APP, "alertmanager"),
        ("api_url: '{url}/services/T/B/x'", "alertmanager"),
    ],
)
def test_webhooks_and_alertmanagers_style_have_none(entry: str, style: MessageStyle) -> None:
    pictures = Pictures()

    async def story(_: HttpListener, integration: Integration) -> None:
        await integration.send(notification())
        await asyncio.sleep(0.05)

    assert len(run(story, pictures, entry, style)) == 1
    assert pictures.asked == []


def test_without_a_picture_there_is_the_message() -> None:
    async def story(_: HttpListener, integration: Integration) -> None:
        await integration.send(notification())
        await asyncio.sleep(0.05)

    assert len(run(story, Pictures(picture=None))) == 1


def refusal(data: dict[str, Any] | Reply, caplog: pytest.LogCaptureFixture, times: int = 2) -> list[str]:
    """The lines of the log where messages are posted, and their pictures are refused at the beginning."""
    pictures = Pictures()

    async def story(listener: HttpListener, integration: Integration) -> None:
        answer = data if isinstance(data, Reply) else json_reply(data)
        listener.answer_with(*[POSTED, answer] * times)
        for number in range(times):
            await integration.send(notification())
            await until(lambda number=number: pictures.refused == number + 1)  # type: ignore[misc]

    with caplog.at_level(logging.WARNING):
        requests = run(story, pictures)
    assert [one.target for one in requests] == [
        "/api/chat.postMessage",
        "/api/files.getUploadURLExternal",
    ] * times
    return [f"{one.getMessage()}: {vars(one)}" for one in caplog.records]


def test_a_missing_scope_costs_the_picture_and_one_line_that_names_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = {"ok": False, "error": "missing_scope", "needed": "files:write", "provided": "chat:write"}
    (line,) = refusal(data, caplog)
    assert "a message in Slack has no picture" in line
    assert "missing_scope: give the app the scope files:write" in line
    assert "xoxb" not in line


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"ok": False, "error": "channel_not_found"}, "invite the app to the channel"),
        ({"ok": False, "error": "new_error"}, "new_error"),
        ({"ok": True, "file_id": "F1"}, "has no upload_url"),
        ({"ok": True, "upload_url": "file:///etc/passwd", "file_id": "F1"}, "has no upload_url"),
        (Reply(404, b"gone"), "unexpected status code 404"),
    ],
)
def test_what_slack_refuses_is_said(
    data: dict[str, Any] | Reply, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    (line,) = refusal(data, caplog, times=1)
    assert said in line


def test_slack_is_asked_again_when_it_wants_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    async def story(listener: HttpListener, integration: Integration) -> None:
        begin = json_reply({"ok": True, "upload_url": f"{listener.url}/up", "file_id": "F1"})
        late = Reply(429, b"", {"Retry-After": "7"})
        listener.answer_with(POSTED, late, begin, Reply(503), Reply(body=b"OK"), late, DONE)
        await integration.send(notification())
        monkeypatch.setattr("exporter.notify.slack_files.asyncio.sleep", note)
        await until(lambda: len(listener.requests) == 7, sleep)

    targets = [one.target for one in run(story, Pictures())]
    assert targets[-1] == "/api/files.completeUploadExternal"
    assert [one for one in slept if one >= 1] == [7.0, 2.0, 7.0]


def test_a_wait_longer_than_the_deadline_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = refusal(Reply(429, b"", {"Retry-After": "290"}), caplog, times=1)
    assert "asks to wait 290 s" in line


def test_a_message_is_sent_when_its_picture_hangs() -> None:
    class Hanging(Pictures):
        async def draw(self, alerts: Sequence[Alert], now: float) -> Picture | None:
            await asyncio.Event().wait()
            return None

    pictures = Hanging()

    async def story(listener: HttpListener, integration: Integration) -> None:
        listener.answer_with(POSTED)
        for _ in range(20):
            async with asyncio.timeout(5):
                await integration.send(notification())

    assert len(run(story, pictures)) == 20
    # No more than 16 are on their way at a time.
    assert pictures.refused == 4


def test_a_message_that_is_changed_keeps_the_picture_that_it_has() -> None:
    pictures = Pictures()

    async def story(listener: HttpListener, integration: Integration) -> None:
        await sent(listener, integration)
        listener.answer_with(POSTED)
        await integration.send(notification(alert("b:2")))
        await asyncio.sleep(0.05)

    requests = run(story, pictures, f"{APP}, update_message: true")
    assert requests[-1].target == "/api/chat.update"
    assert len(requests) == 5
    assert len(pictures.asked) == 1


@pytest.mark.parametrize("is_refused", [False, True])
def test_who_tests_waits_for_the_picture_and_is_told_what_does_not_work(is_refused: bool) -> None:
    trials: list[Trial] = []

    async def story(listener: HttpListener, integration: Integration) -> None:
        if is_refused:
            listener.answer_with(POSTED, json_reply({"ok": False, "error": "missing_scope"}))
        trial = trial_notification("ops", "http://vigil", NOW, description="A test.")
        trials.extend(await try_all([integration], trial, 10))

    assert len(run(story, Pictures())) == (2 if is_refused else 4)
    (trial,) = trials
    if is_refused:
        assert trial.error.startswith("the message has arrived, its chart has not: slack: 127.0.0.1")
        assert "files:write" in trial.error
    else:
        assert not trial.error
