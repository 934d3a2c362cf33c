"""`test route` and `test notify`."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from exporter.cli import check
from exporter.cli import try_notify as notify_tool
from exporter.cli import try_route as route_tool
from exporter.errors import VigilError
from tests.cli.in_process import run_command

ROUTES = """
route:
  receiver: chat
  group_by: [alertname]
  routes:
    - matchers: [team=db, severity=~"crit|page"]
      receiver: pager
      group_by: ['...']
      group_wait: 0s
      repeat_interval: 1d12h
      mute_time_intervals: [night, weekend]
      continue: true
    - {matchers: [team=db], receiver: db}
receivers: [{name: chat}, {name: db}, {name: pager}]
time_intervals: [{name: night}, {name: weekend}]
"""


@dataclass
class Hook:
    """A server whose paths are the statuses that it answers, and what was posted there."""

    port: int
    bodies: list[dict[str, Any]]


@pytest.fixture
def hook() -> Iterator[Hook]:
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(int(self.path.strip("/")))
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Hook(server.server_port, bodies)
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str) -> Result:
    app = typer.Typer()
    route_tool.register(app)
    notify_tool.register(app)
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(ROUTES)
    return path


@pytest.mark.parametrize(
    ("labels", "lines"),
    [
        (
            [],
            [
                "receivers: chat",
                "chat: {}",
                "  group_by [alertname], group_wait 30s, group_interval 5m, repeat_interval 4h",
            ],
        ),
        (
            ["team=db", 'severity="page"'],
            [
                "receivers: pager, db",
                'pager: {} > {severity=~"crit|page",team="db"}',
                "  group_by [...], group_wait 0s, group_interval 5m, repeat_interval 1d12h, "
                "muted in night and weekend",
                'db: {} > {team="db"}',
                "  group_by [alertname], group_wait 30s, group_interval 5m, repeat_interval 4h",
            ],
        ),
    ],
)
def test_the_receivers_of_labels_are_printed(config: Path, labels: list[str], lines: list[str]) -> None:
    result = run("route", "--config", str(config), *labels)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == lines


_PAGER = """
route: {receiver: pager, labels: {team: platform}}
receivers:
- {name: pager, pagerduty_configs: [{routing_key: k}], opsgenie_configs: [{api_key: k}]}
- {name: unused, telegram_configs: [{bot_token: t, chat_id: 1}]}
"""


def test_a_receiver_that_is_not_sent_to(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(_PAGER)
    shown = run("route", "--config", str(path)).output.splitlines()
    assert shown[0] == "receivers: pager"
    assert shown[3:] == ['  labels {team="platform"}', "  not sent by redis-vigil: Opsgenie, PagerDuty"]
    tried = run("notify", "--config", str(path), "pager")
    assert tried.exit_code == 1
    assert (
        "pagerduty[1]: failed: redis-vigil does not send to PagerDuty: let it forward to an" in tried.output
    )
    checked = CliRunner().invoke(check.app, ["alertmanager", str(path)])
    assert (checked.exit_code, checked.stdout) == (0, f"{path}: good, 2 receivers\n")
    (first, second) = checked.stderr.splitlines()
    assert first.startswith(f"warning: {path}:4:")
    assert 'does not send to PagerDuty, and "pager" has nothing else: nobody is told; let it' in second
    config = tmp_path / "config.yml"
    config.write_text(
        "targets: [{url: redis://a}]\n"
        "alerting: {config_file: alertmanager.yml, alertmanagers: ['http://127.0.0.1:1']}\n"
    )
    assert CliRunner().invoke(check.app, ["config", str(config)]).stderr == ""


def test_a_label_that_is_none(config: Path) -> None:
    result = run("route", "--config", str(config), "team")
    assert str(result.exception) == '"team" is not a label such as severity=critical'


def write(path: Path, hook: Hook, *statuses: int) -> None:
    webhooks = [{"url": f"http://127.0.0.1:{hook.port}/{status}"} for status in statuses]
    receivers = [{"name": "hook", "webhook_configs": webhooks}]
    path.write_text(json.dumps({"route": {"receiver": "hook"}, "receivers": receivers}))


def test_a_test_message_is_sent_and_reported(config: Path, hook: Hook) -> None:
    write(config, hook, 200)
    result = run("notify", "--config", str(config), "--external-url", "http://vigil", "hook")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("webhook[0]: sent (")
    (body,) = hook.bodies
    assert (body["status"], body["receiver"], body["externalURL"]) == ("firing", "hook", "http://vigil")
    assert body["alerts"][0]["labels"]["alertname"] == "TestNotification"


def test_notify_resolved(config: Path, hook: Hook) -> None:
    write(config, hook, 200)
    assert run("notify", "--config", str(config), "--resolved", "hook").exit_code == 0
    assert hook.bodies[0]["status"] == "resolved"


@pytest.mark.parametrize(
    ("style", "title"),
    [
        ([], "Warning: A test notification of redis-vigil"),
        (["--message-style", "alertmanager"], "[FIRING:1] TestNotification (example:6379 warning)"),
    ],
)
def test_notify_has_the_default_texts_of_a_style(
    config: Path, hook: Hook, style: list[str], title: str
) -> None:
    slack = {"api_url": f"http://127.0.0.1:{hook.port}/200", "channel": "#x"}
    receivers = [{"name": "hook", "slack_configs": [slack]}]
    config.write_text(json.dumps({"route": {"receiver": "hook"}, "receivers": receivers}))
    run("notify", "--config", str(config), *style, "hook")
    assert hook.bodies[0]["attachments"][0]["title"] == title


def test_notify_tells_what_failed_and_tries_the_rest(config: Path, hook: Hook) -> None:
    write(config, hook, 500, 200, 404)
    result = run("notify", "--config", str(config), "hook")
    assert isinstance(result.exception, VigilError)
    assert str(result.exception) == "2 of 3 messages could not be delivered"
    first, second, third, _ = result.output.splitlines()
    assert first.startswith("webhook[0]: failed: ")
    assert "500" in first
    assert second.startswith("webhook[1]: sent")
    assert "404" in third
    assert len(hook.bodies) == 3


def test_notify_needs_a_receiver_that_sends(config: Path) -> None:
    unknown = run("notify", "--config", str(config), "nobody")
    assert str(unknown.exception) == 'there is no receiver "nobody"; there are chat, db, pager'
    silent = run("notify", "--config", str(config), "chat")
    assert str(silent.exception) == 'the receiver "chat" sends nothing: it has no configurations'


@pytest.mark.parametrize("named", ["alertmanager.yml", "config.yml"])
def test_notify_is_told_by_the_configuration_of_the_daemon(config: Path, hook: Hook, named: str) -> None:
    write(config, hook, 200)
    daemon = {
        "web": {"external_url": "https://vigil.example.com/"},
        "alerting": {"config_file": "alertmanager.yml"},
    }
    (config.parent / "config.yml").write_text(json.dumps(daemon))
    result = run("notify", "--config", str(config.parent / named), "hook")
    assert f"links lead to https://vigil.example.com (web.external_url of {config.parent}" in result.output
    assert hook.bodies[0]["externalURL"] == "https://vigil.example.com"
    result = run("notify", "--config", str(config), "--external-url", "http://other", "hook")
    assert "links lead" not in result.output
    assert hook.bodies[1]["externalURL"] == "http://other"
    assert "receivers: hook" in run("route", "--config", str(config.parent / named), "a=b").output


def test_notify_says_where_links_lead_when_nobody_has_said_it(config: Path, hook: Hook) -> None:
    write(config, hook, 200)
    (config.parent / "config.yml").write_text("alerting: {config_file: other.yml}")
    result = run("notify", "--config", str(config), "hook")
    assert "links lead to http://localhost:9121: set web.external_url in config.yml" in result.output


def test_notify_refuses_what_cannot_be(config: Path, hook: Hook) -> None:
    write(config, hook, 200)
    assert "--external-url: must be" in str(
        run("notify", "--config", str(config), "--external-url", "x", "hook").exception
    )
    assert str(run("notify", "--config", str(config), "hok").exception) == (
        'there is no receiver "hok", did you mean "hook"?'
    )
    (config.parent / "config.yml").write_text("targets: [{url: 'redis://a'}]")
    unnamed = run("notify", "--config", str(config.parent / "config.yml"), "hook")
    assert "has no alerting.config_file: name the alertmanager.yml by --config" in str(unnamed.exception)


def test_line_breaks_in_names_make_no_lines_of_their_own(tmp_path: Path) -> None:
    """What follows one would look like a sentence of ours."""
    name = "ops\r\nwarning: all is well"
    routing = {"route": {"receiver": name}, "receivers": [{"name": name}]}
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(routing))
    done = [
        run_command(tmp_path, "test", "route", "--config", str(path), "a=b"),
        run_command(tmp_path, "test", "notify", "--config", str(path), f"{name}x"),
    ]
    path.write_text(yaml.safe_dump({**routing, f"x{name}": 1}))
    done.append(run_command(tmp_path, "check", "alertmanager", str(path)))
    assert [one.returncode for one in done] == [0, 2, 1]
    said = "".join(one.stdout + one.stderr for one in done)
    assert "all is well" in said
    assert not [line for line in said.splitlines() if line.startswith("warning: all is well")]
