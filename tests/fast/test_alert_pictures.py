"""The chart of an alert in the messages about it, with a real server, rules and mail."""

import re
from email.message import EmailMessage

import yaml

from tests.charts.test_picture import pixels
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.notify.http_listener import HttpListener, Reply, json_reply
from tests.notify.mail_server import MailServer

MAIL = """
route:
  receiver: ops
  group_wait: 1s
  group_interval: 10s
  routes: [{{matchers: [severity=none], receiver: nobody}}]
receivers:
  - name: nobody
  - name: ops
    email_configs:
      - to: ops@example.com
        from: v@example.com
        smarthost: '{smarthost}'
        require_tls: false
        send_resolved: true
"""

SLACK = """
route:
  receiver: ops
  group_by: [instance]
  group_wait: 1s
  group_interval: 10s
receivers:
  - name: ops
    slack_configs:
      - app_token: xoxb-s3cret
        app_url: '{url}/api/chat.postMessage'
        channel: '#ops'
        send_resolved: true
"""


RULES = """
groups:
  - name: one
    rules:
      - alert: RedisDown
        expr: redis_up == 0
        labels: {severity: critical}
        annotations: {summary: 'Redis {{ $labels.instance }} is down'}
"""


def parts(mail: EmailMessage) -> dict[str, EmailMessage]:
    """The parts of a mail by their types."""
    found = {part.get_content_type(): part for part in mail.walk()}
    assert all(isinstance(part, EmailMessage) for part in found.values())
    return found


def drawn(daemon: FastDaemon, result: str) -> float:
    """How many pictures came to this."""
    value = daemon.app.core.own.registry.get_sample_value(
        "redis_vigil_alert_pictures_total", {"result": result}
    )
    assert value is not None
    return value


def test_mails_show_the_alert_as_its_page_does_and_its_end(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with (
            MailServer() as mail,
            FastDaemon(server, rules=RULES, alertmanager=MAIL.format(smarthost=mail.address)) as daemon,
        ):
            await daemon.pass_time("5m")
            server.kill()
            await daemon.wait_until(lambda: mail.messages, within="2m")
            first = mail.messages[0]
            assert "is down" in first["Subject"]
            assert [part.get_content_type() for part in first.walk()] == [
                "multipart/alternative",
                "text/plain",
                "multipart/related",
                "text/html",
                "image/png",
            ]
            found = parts(first)
            picture, page = found["image/png"], found["text/html"].get_content()
            tag = re.search(r'<img src="cid:([^"]+)" alt="([^"]+)" width="590" height="(\d+)"', page)
            assert tag, page
            assert picture["Content-ID"] == f"<{tag[1]}>"
            assert picture.get_content_disposition() == "inline"
            assert tag[2].startswith(f"RedisDown: {server.instance}. redis_up: from 0 to 1, 0 at the end. ")
            assert tag[2].endswith("It fires at 0.")
            data = picture.get_payload(decode=True)
            assert isinstance(data, bytes)
            assert len(data) < 60_000
            width, height, _ = pixels(data)
            assert width == 2 * 590
            assert abs(height / 2 - int(tag[3])) <= 1
            assert "RedisDown: " not in found["text/plain"].get_content()
            assert drawn(daemon, "drawn") == 1

            await daemon.pass_time("2m")
            server.restart()
            await daemon.wait_until(
                lambda: any(str(one["Subject"]).startswith("Over: ") for one in mail.messages), within="5m"
            )
            over = parts(mail.messages[-1])
            assert "redis_up: from 0 to 1, 1 at the end" in over["text/html"].get_content()
            assert drawn(daemon, "failed") == drawn(daemon, "late") == 0

    run_fast(story())


def test_an_app_has_it_in_the_thread_until_a_reload_switches_it_off(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with HttpListener() as slack:
            begin = json_reply({"ok": True, "upload_url": f"{slack.url}/upload", "file_id": "F1"})
            slack.answer_with(
                json_reply({"ok": True, "channel": "C1", "ts": "1.1"}),
                begin,
                Reply(),
                json_reply({"ok": True}),
                json_reply({"ok": True, "channel": "C1", "ts": "2.2"}),
            )
            async with FastDaemon(server, rules=RULES, alertmanager=SLACK.format(url=slack.url)) as daemon:
                await daemon.pass_time("1m")
                server.kill()
                await daemon.wait_until(lambda: len(slack.requests) == 4, within="2m")
                targets = [one.target.removeprefix("/api/") for one in slack.requests]
                assert targets == [
                    "chat.postMessage",
                    "files.getUploadURLExternal",
                    "/upload",
                    "files.completeUploadExternal",
                ]
                assert slack.requests[2].body.startswith(b"\x89PNG")
                assert "channel_id=C1&thread_ts=1.1" in slack.requests[3].body.decode()

                config = yaml.safe_load(daemon.config_path.read_text())
                config["alerting"]["pictures"] = False
                daemon.config_path.write_text(yaml.safe_dump(config))
                await daemon.app.reload()
                server.restart()
                await daemon.wait_until(lambda: len(slack.requests) == 5, within="5m")
                await daemon.pass_time("1m")
                assert [one.target for one in slack.requests[4:]] == ["/api/chat.postMessage"]
                assert drawn(daemon, "drawn") == 1

    run_fast(story())
