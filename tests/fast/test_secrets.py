"""Secrets of the configuration show in no page, API, metric, log line, `repr` or message of a command."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from starlette.routing import Route
from typer.testing import CliRunner

from exporter.cli.commands import app as cli
from exporter.config.alertmanager.config import AlertmanagerConfig, load_alertmanager_config
from exporter.config.fields import KIND
from exporter.config.main import Config, load_config
from exporter.log import configure_logging
from exporter.model.http_url import HttpUrl
from exporter.model.secret import Secret
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import free_port

MARK = "S3CR"
NOBODY = f"http://127.0.0.1:{free_port()}"

WAYS_IN: list[dict[str, Any]] = [
    {"basic_auth": {"username": "u", "password": f"{MARK}30"}, "proxy_url": f"http://u:{MARK}31@127.0.0.1:1"},
    {"authorization": {"credentials": f"{MARK}32"}, "http_headers": {"X-A": {"secrets": [f"{MARK}33"]}}},
    {"bearer_token": f"{MARK}34", "tls_config": {"cert": "c", "key": f"{MARK}35"}},
    {
        "oauth2": {
            "client_id": "i",
            "client_secret": f"{MARK}36",
            "token_url": f"http://u:{MARK}37@127.0.0.1:1/t?token={MARK}38",
            "proxy_url": f"http://u:{MARK}39@127.0.0.1:1",
            "endpoint_params": {"p": f"{MARK}40"},
        }
    },
    {
        "proxy_url": f"http://u:{MARK}41@127.0.0.1:1",
        "proxy_connect_header": {"X": [f"{MARK}42"]},
    },
]

CONFIG: dict[str, Any] = {
    "targets": [
        {"url": f"redis://user:{MARK}2@127.0.0.1:1", "instance": "refused"},
        {"url": "127.0.0.1:2", "instance": "inline", "password": f"{MARK}3"},
        {"url": "127.0.0.1:3", "instance": "minted", "password_command": ["false", f"{MARK}4"]},
        {"url": "127.0.0.1:4", "instance": "printed", "password_command": ["echo", f"{MARK}5"]},
        {"url": "127.0.0.1:5", "instance": "read", "password_env": "VIGIL_TEST_SECRET"},
        {"url": f"unix://:{MARK}7@/nowhere/redis.sock", "instance": "socket"},
    ],
    "discovery": {
        "cluster": [{"urls": [f"redis://u:{MARK}8@127.0.0.1:6"], "servers": {"password": f"{MARK}9"}}],
        "sentinel": [{"urls": [f"redis://:{MARK}10@127.0.0.1:7"], "password": f"{MARK}11"}],
        "http": [
            {"url": f"http://u:{MARK}12@127.0.0.1:8/sd?token={MARK}13", "password": f"{MARK}14"},
            {"url": f"{{hook}}/sd?token={MARK}15"},
        ],
        "dns": [{"names": ["a.example.com"], "nameservers": ["127.0.0.1:1"], "password": f"{MARK}27"}],
        "kubernetes": [
            {
                "api_server": f"http://u:{MARK}28@127.0.0.1:1",
                "authorization": {"credentials": f"{MARK}43"},
                "tls_config": {"cert": "c", "key": f"{MARK}44"},
                "password": f"{MARK}45",
            },
            {"api_server": NOBODY, "authorization": {"credentials": f"{MARK}46"}},
        ],
    },
    "peers": [
        {
            "url": f"http://u:{MARK}{number}@127.0.0.1:1/x?token={MARK}{number}",
            "name": f"peer-{number}",
            **way,
        }
        for number, way in enumerate(WAYS_IN, 100)
    ],
    "otlp": {
        "endpoint": f"http://u:{MARK}22@127.0.0.1:1/otlp?token={MARK}23",
        "interval": "15s",
        "headers": {"api-key": f"{MARK}24"},
        "headers_env": {"x-token": "VIGIL_TEST_SECRET"},
        "proxy_url": f"http://u:{MARK}25@127.0.0.1:1",
    },
    "remote_write": [
        {
            "url": f"{NOBODY}/write?token={MARK}{number}",
            "name": f"to-{number}",
            "headers": {"X-Scope-OrgID": f"{MARK}26"},
            **{key: value for key, value in way.items() if key != "http_headers"},
        }
        for number, way in enumerate(WAYS_IN, 90)
    ],
    "alerting": {
        "alertmanagers": [
            f"{{hook}}/x?token={MARK}16",
            f"http://u:{MARK}17@127.0.0.1:9/x?token={MARK}18",
            f"{NOBODY}/services/T1/B1/{MARK}19",
            f"{NOBODY}/api/webhooks/1/{MARK}20",
            f"{NOBODY}/bot1:{MARK}21",
        ]
    },
}

ALERTMANAGER: dict[str, Any] = {
    "global": {
        "smtp_smarthost": "127.0.0.1:1",
        "smtp_from": "a@example.com",
        "smtp_auth_password": f"{MARK}50",
        "smtp_auth_secret": f"{MARK}51",
        "slack_api_url": f"{{hook}}/services/{MARK}52",
        "mattermost_webhook_url": f"http://h/hooks/{MARK}53",
        "opsgenie_api_key": f"{MARK}54",
        "rocketchat_token": f"{MARK}55",
        "rocketchat_token_id": f"{MARK}56",
        "telegram_bot_token": f"{MARK}57",
        "victorops_api_key": f"{MARK}58",
        "wechat_api_secret": f"{MARK}59",
        "wechat_api_corp_id": "c",
    },
    "route": {"receiver": "all", "group_wait": "0s", "group_interval": "1m", "group_by": ["alertname"]},
    "receivers": [
        {
            "name": "all",
            "webhook_configs": [
                {"url": f"{{hook}}/good?token={MARK}60"},
                {"url": f"{{hook}}/{MARK}61"},
                *({"url": f"{NOBODY}/{MARK}62", "http_config": way} for way in WAYS_IN),
                *({"url": f"{{hook}}/{MARK}63", "http_config": way} for way in WAYS_IN[1:3]),
                {"url": f"https://127.0.0.1:1/{MARK}64", "http_config": WAYS_IN[4]},
                {"url": f"{{hook}}/{MARK}65{{{{ .Nothing }}}}"},
            ],
            "slack_configs": [
                {},
                {"api_url": f"{NOBODY}/services/{MARK}66"},
                {"app_token": f"{MARK}67", "app_url": f"{NOBODY}/x"},
            ],
            "email_configs": [
                {"to": "a@example.com", "auth_username": "u"},
                {"to": "b@example.com", "auth_username": "u", "auth_password": f"{MARK}68"},
                {"to": "c@example.com", "auth_username": "u", "auth_secret": f"{MARK}69"},
            ],
            "discord_configs": [{"webhook_url": f"https://discord.com/api/webhooks/1/{MARK}70"}],
            "incidentio_configs": [{"url": "https://i.io/x", "alert_source_token": f"{MARK}72"}],
            "mattermost_configs": [{"webhook_url": f"http://h/hooks/{MARK}73", "text": "t"}],
            "msteams_configs": [{"webhook_url": f"http://h/webhookb2/{MARK}74"}],
            "msteamsv2_configs": [{"webhook_url": f"http://h/workflows/{MARK}75"}],
            "opsgenie_configs": [{"api_key": f"{MARK}76"}],
            "pagerduty_configs": [{"service_key": f"{MARK}77"}, {"routing_key": f"{MARK}78"}],
            "pushover_configs": [{"user_key": f"{MARK}79", "token": f"{MARK}80"}],
            "rocketchat_configs": [{"token": f"{MARK}81", "token_id": f"{MARK}82"}],
            "sns_configs": [
                {"topic_arn": "t", "sigv4": {"region": "r", "access_key": "a", "secret_key": f"{MARK}83"}}
            ],
            "telegram_configs": [{"bot_token": f"1:{MARK}84", "chat_id": 1}],
            "victorops_configs": [{"api_key": f"{MARK}85", "routing_key": "r"}],
            "wechat_configs": [{"api_secret": f"{MARK}86"}],
        }
    ],
}

# Secrets of their own kinds that stand in for these here, and what is read and used for nothing.
ELSEWHERE = {
    ("Global", "slack_app_token"),
    ("WebhookOutput", "url"),
    ("TracingHeader", "secrets"),
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VIGIL_TEST_SECRET", f"{MARK}6")
    root, ours = logging.getLogger(), logging.getLogger("exporter")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def _assert_hidden(where: str, text: str) -> None:
    shown = re.search(rf".{{0,80}}{MARK}.{{0,40}}", text)
    assert shown is None, f"{where} shows {shown[0]!r}"


def _written(folder: Path) -> Path:
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(ALERTMANAGER).replace("{hook}", NOBODY))
    alerting = {**CONFIG["alerting"], "config_file": "alertmanager.yml"}
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump({**CONFIG, "alerting": alerting}).replace("{hook}", NOBODY))
    return path


def _models(value: object) -> Iterator[BaseModel]:
    """All sections of a configuration."""
    if isinstance(value, BaseModel):
        yield value
        value = [getattr(value, name) for name in type(value).model_fields]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _models(one)


def _secret_fields(model: type[BaseModel]) -> set[tuple[str, str]]:
    """(class, field) of every place for a secret that a configuration has."""
    definitions = model.model_json_schema(by_alias=False)["$defs"]
    return {
        # All sections have this one from the same base.
        ("CredentialsSection" if name == "password" and title.endswith("Section") else title, name)
        for title, definition in definitions.items()
        for name, schema in definition.get("properties", {}).items()
        if f'"{KIND}": "secret"' in json.dumps(schema)
    }


def _is_secret(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_secret, value))
    if isinstance(value, dict):
        return any(map(_is_secret, value.values()))
    return isinstance(value, Secret | HttpUrl) and MARK in value.reveal()


def test_every_place_for_a_secret_is_tried_here(tmp_path: Path) -> None:
    path = _written(tmp_path)
    sections = [
        *_models(load_config(path)),
        *_models(load_alertmanager_config(tmp_path / "alertmanager.yml")),
    ]
    tried = {
        (cls.__name__, name)
        for section in sections
        for cls in type(section).__mro__
        if issubclass(cls, BaseModel)
        for name in cls.model_fields
        if _is_secret(getattr(section, name))
    }
    assert _secret_fields(Config) | _secret_fields(AlertmanagerConfig) <= tried | ELSEWHERE


def test_no_secret_in_what_was_read_and_in_what_check_says(tmp_path: Path) -> None:
    path = _written(tmp_path)
    config, routing = load_config(path), load_alertmanager_config(tmp_path / "alertmanager.yml")
    for one in (config, routing):
        _assert_hidden(type(one).__name__, f"{one!r} {one}")
    _assert_hidden("config.yml", config.model_dump_json())
    _assert_hidden("to_yaml", routing.to_yaml())
    for command in (
        ["check", "config", str(path)],
        ["check", "alertmanager", str(tmp_path / "alertmanager.yml")],
    ):
        result = CliRunner().invoke(cli, command)
        _assert_hidden(" ".join(command), result.output + repr(result.exception))


def test_no_secret_in_errors_about_the_places_around_them(tmp_path: Path) -> None:
    """Every key in turn is misspelt, and every value stands one level too high or too low."""
    whole = {"config.yml": CONFIG, "alertmanager.yml": ALERTMANAGER}
    for name, data in whole.items():
        for index, broken in enumerate(_broken(data)):
            path = tmp_path / name
            path.write_text(yaml.safe_dump(broken).replace("{hook}", NOBODY))
            try:
                load_config(path) if name == "config.yml" else load_alertmanager_config(path)
            except Exception as error:
                _assert_hidden(f"{name} {index}", f"{error} {error!r}")


def _broken(data: Any) -> Iterator[Any]:
    """The same with one thing wrong."""
    if isinstance(data, dict):
        for key, value in data.items():
            if MARK not in repr(value):
                continue
            yield {**{k: v for k, v in data.items() if k != key}, f"{key}x": value}
            yield {**data, key: [value]}
            yield {**data, key: {"x": value}}
            for inner in _broken(value):
                yield {**data, key: inner}
    elif isinstance(data, list):
        for index, value in enumerate(data):
            for inner in _broken(value):
                yield [*data[:index], inner, *data[index + 1 :]]
    elif isinstance(data, str) and MARK in data:
        yield from (
            f"{data}:x",
            f"x{data}",
            data.replace("://", ":/"),
            f"{data}\n",
            f"{data}#",
            f"${{A}}{data}",
        )


def _log_both_ways(stream: io.StringIO) -> None:
    configure_logging("debug", as_json=True, stream=stream)
    (json_lines,) = logging.getLogger().handlers
    configure_logging("debug", stream=stream)
    logging.getLogger().addHandler(json_lines)


def test_no_secret_in_anything_that_a_daemon_shows(start_server: StartServer) -> None:
    password = f"{MARK}99"
    good, wrong = start_server("--requirepass", password), start_server("--requirepass", "other")
    log = io.StringIO()
    targets = [
        *CONFIG["targets"],
        {"url": f"redis://:{password}@127.0.0.1:{good.port}"},
        {"url": f"redis://:{MARK}98@127.0.0.1:{wrong.port}"},
    ]

    async def story() -> None:
        _log_both_ways(log)
        config = {**CONFIG, "targets": targets}
        async with FastDaemon(config, alertmanager=yaml.safe_dump(ALERTMANAGER)) as daemon:
            daemon.mailbox.answers = {f"{MARK}61": 500, f"{MARK}63": 400}
            await daemon.pass_time("90s")
            assert daemon.value(f'redis_up{{instance="{good.instance}"}}') == 1
            assert daemon.value(f'redis_up{{instance="{wrong.instance}"}}') == 0
            told = {message.receiver for message in daemon.messages}
            assert {f"good?token={MARK}60", f"x/api/v2/alerts?token={MARK}16"} <= told
            await daemon.app.reload()
            for path in sorted(_paths(daemon)):
                answer = await daemon.get(path)
                _assert_hidden(path, f"{answer.headers} {answer.text}")
            failed = await daemon.get(f"/scrape?target=redis://u:{MARK}97@127.0.0.1:1")
            _assert_hidden("/scrape", failed.text)
            _assert_hidden("objects", repr([vars(daemon.app), vars(daemon.app.alerting.forwarder)]))

    run_fast(story())
    assert "forwarding failed" in log.getvalue()
    _assert_hidden("the log", log.getvalue())


def test_no_login_of_what_discovery_finds_in_anything_that_a_daemon_shows(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Addresses, labels and names of others hold passwords, some of them in the wrong places."""
    server, locked = start_server(), start_server("--requirepass", f"{MARK}1")
    groups = [
        {
            "targets": [f"redis://:{MARK}2@127.0.0.1:{server.port}", f"u:{MARK}3@127.0.0.1:{locked.port}"],
            "labels": {
                "origin": f"redis://:{MARK}4@h1:1, redis://u:{MARK}5 x@h2",
                "page": f"https://u:{MARK}6@h/@x?api_token={MARK}7#secret={MARK}8",
                "__hidden": f"valkey://u:{MARK}9@h/1",
            },
        },
        {"targets": ["127.0.0.1:1"], "labels": {"instance": f"redis://:{MARK}10@down"}},
        {"targets": ["127.0.0.1:2"], "labels": {"instance": "moved", "__bad": MARK}},
        {"targets": [f"redis://:{MARK}11@127.0.0.1:3/x", f"http://:{MARK}12@h"]},
        {"targets": ["127.0.0.1:4"], "labels": {f"redis://:{MARK}13@h": "x"}},
        {"targets": ["127.0.0.1:5"], f"redis://:{MARK}14@h": {}},
    ]
    (tmp_path / "servers.json").write_text(json.dumps(groups))
    (tmp_path / "broken.yml").write_text(
        f"- targets: [redis://:{MARK}15@h, 'x\n  labels: {{redis://:{MARK}16@h"
    )
    relabel = [
        {"source_labels": ["__hidden"], "target_label": "shown"},
        {
            "source_labels": ["__bad"],
            "regex": "(.+)",
            "target_label": "__address__",
            "replacement": "redis://:$1@two words",
        },
    ]
    files = [str(tmp_path / name) for name in ("*.json", "*.yml")]
    config = {
        "global": {"external_labels": {"origin": f"redis://:{MARK}17@h"}},
        "targets": [
            {
                "url": server.url,
                "instance": f"redis://:{MARK}18@name",
                "labels": {"l": f"redis://:{MARK}19@h"},
            }
        ],
        "discovery": {"file": [{"files": files, "relabel_configs": relabel}]},
        "storage": {"path": "data"},
    }
    log = io.StringIO()

    async def story() -> None:
        _log_both_ways(log)
        async with FastDaemon(config) as daemon:
            await daemon.pass_time("2m")
            assert daemon.value('redis_up{instance="redis://name",l="redis://h"}') == 1
            assert daemon.value('redis_up{instance="redis://down"}') == 0
            up = f'redis_up{{shown="valkey://h/1",origin="redis://h2",instance="127.0.0.1:{locked.port}"}}'
            assert daemon.value(up) == 0  # A list names no credentials.
            assert daemon.messages
            for message in daemon.messages:
                _assert_hidden("a message", repr(message))
            for path in sorted(_paths(daemon)):
                answer = await daemon.get(path)
                _assert_hidden(path, f"{answer.headers} {answer.text}")
            for file in daemon.config_path.parent.rglob("data/**/*"):
                if file.is_file():
                    _assert_hidden(str(file), file.read_bytes().decode("latin-1"))

    run_fast(story())
    assert "two words" in log.getvalue()
    assert "is not a label name" in log.getvalue()
    _assert_hidden("the log", log.getvalue())


def _paths(daemon: FastDaemon) -> set[str]:
    """Every page and API."""
    routes = [route for route in daemon.app.routes if isinstance(route, Route)]
    found = {route.path for route in routes if "GET" in (route.methods or ()) and "{" not in route.path}
    return found | {"/metrics", "/api/v1/targets?state=any", "/api/notifications?limit=1000"}
