"""What people are told, in the words that they get: stories of an hour."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

SLACK = """
route: {receiver: slack, group_by: [alertname, instance], group_wait: 1s, group_interval: 5s}
receivers:
  - name: slack
    slack_configs: [{api_url: '{hook}/slack', channel: '#redis', send_resolved: true}]
"""


Guarded = tuple[RealServer, Path]


@pytest.fixture
def guarded(start_server: StartServer, tmp_path: Path) -> Guarded:
    """A server with a password, and the file with it."""
    file = tmp_path / "secret"
    file.write_text("old-s3cret\n")
    return start_server("--requirepass", "old-s3cret"), file


def titles(daemon: FastDaemon) -> list[str]:
    """The titles of what was posted to Slack, without the watchdog's."""
    posted = [message.body["attachments"][0]["title"] for message in daemon.messages]
    return [title for title in posted if "VigilWatchdog" not in title and "alive" not in title.lower()]


def drop_clients(server: RealServer) -> None:
    server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def rotating(server: RealServer, file: Path) -> dict[str, object]:
    target = {"url": server.url, "instance": "orders", "password_file": str(file)}
    return {"targets": [target]}


def test_a_password_that_is_rotated_in_the_file_and_on_the_server_is_no_news(guarded: Guarded) -> None:
    server, file = guarded

    async def story() -> None:
        async with FastDaemon(rotating(server, file), alertmanager=SLACK) as daemon:
            await daemon.pass_time("5m")
            for password in ("second-s3cret", "third-s3cret"):
                server.command("CONFIG", "SET", "requirepass", password)
                file.write_text(f"{password}\n")
                drop_clients(server)
                await daemon.pass_time("10m")
            assert titles(daemon) == []
            assert daemon.firing() == set()
            assert daemon.value("min_over_time(redis_up[20m])") == 1

    run_fast(story())


def test_a_password_that_is_rotated_on_the_server_only_is_told_until_the_file_follows(
    guarded: Guarded,
) -> None:
    server, file = guarded

    async def story() -> None:
        async with FastDaemon(rotating(server, file), alertmanager=SLACK) as daemon:
            await daemon.pass_time("5m")
            server.command("CONFIG", "SET", "requirepass", "new-s3cret")
            drop_clients(server)
            await daemon.pass_time("10m")
            (title,) = titles(daemon)
            assert "is down" not in title
            assert "password" in title.lower()
            file.write_text("new-s3cret\n")
            await daemon.pass_time("10m")
            _, end = titles(daemon)
            assert end.startswith(f"Over: {title.partition(': ')[2]} (lasted ")
            assert daemon.firing() == set()
            assert not any("s3cret" in text for message in daemon.messages for text in message.texts)

    run_fast(story())


RULES = """
groups:
  - name: own
    rules:
      - alert: Full
        expr: redis_memory_used_bytes > 100 * 1000
        labels: {severity: warning}
        annotations:
          summary: "Redis {{ $labels.instance }} is full"
          description: "{{ $value | humanize1024 }}B"
      - alert: Started
        expr: redis_up and on () vector(time() % 1200) < 300
        labels: {severity: info, kind: event}
        annotations: {summary: "Redis {{ $labels.instance }} was started"}
"""


def test_values_stand_beside_their_limits_links_lead_somewhere_and_events_have_no_end(
    start_server: StartServer,
) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=RULES, alertmanager=SLACK) as daemon:
            await daemon.pass_time("45m")
            told = titles(daemon)
            assert told.count(f"Warning: Redis {server.instance} is full") == 1
            assert told.count(f"Info: Redis {server.instance} was started") >= 2
            assert not any(title.startswith("Over") for title in told)
            text = next(
                message.body["attachments"][0]["text"]
                for message in daemon.messages
                if "full" in message.body["attachments"][0]["title"]
            )
            assert "(limit 97.66kiB)" in text
            source = text.rpartition("<")[2].partition("|")[0].replace("&amp;", "&")
            parts = urlsplit(source)
            assert parts.path.startswith("/alerts/")
            assert (await daemon.get(f"{parts.path}?{parts.query}")).status_code == 200

    run_fast(story())
