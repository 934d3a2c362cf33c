"""Servers by the variables of redis_exporter, as it takes them."""

import json
from pathlib import Path

import pytest

from exporter.config.main import default_config
from exporter.config.redis_exporter import targets_of_variables
from exporter.errors import UsageError

Login = tuple[str, str, str]


def logins(environment: dict[str, str]) -> list[Login]:
    """URL, user and password of each server."""
    targets = [section.to_target() for section in targets_of_variables(environment)]
    return [
        (str(one.address), one.credentials.username, one.credentials.password.reveal()) for one in targets
    ]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"REDIS_ADDR": ""}, []),
        ({"REDIS_ADDR": "cache"}, [("redis://cache:6379", "", "")]),
        ({"REDIS_ADDR": "tcp://cache:1"}, [("redis://cache:1", "", "")]),
        ({"REDIS_ADDR": "unix:///run/redis.sock"}, [("unix:///run/redis.sock", "", "")]),
        ({"REDIS_PASSWORD": "x"}, [("redis://localhost:6379", "", "x")]),
        ({"REDIS_ADDR": "rediss://c:6380/2", "REDIS_USER": "u", "REDIS_PASSWORD": "x"},
         [("rediss://c:6380/2", "u", "x")]),
        # What stands in the address wins.
        ({"REDIS_ADDR": "redis://v:y@c", "REDIS_USER": "u", "REDIS_PASSWORD": "x"},
         [("redis://c:6379", "v", "y")]),
        # One word alone is a password.
        ({"REDIS_ADDR": "redis://y@c"}, [("redis://c:6379", "", "y")]),
        # A user without a password would not log in.
        ({"REDIS_USER": "u"}, [("redis://localhost:6379", "", "")]),
    ],
)  # fmt: skip
def test_the_server_of_the_variables(environment: dict[str, str], expected: list[Login]) -> None:
    assert logins(environment) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"REDIS_ADDR": "redis://a:1"}, [("redis://a:1", "", "first")]),
        ({"REDIS_ADDR": "a:1"}, [("redis://a:1", "", "first")]),
        ({"REDIS_ADDR": "redis://a:1", "REDIS_USER": "u"}, [("redis://a:1", "u", "second")]),
        ({"REDIS_ADDR": "redis://b:1"}, [("redis://b:1", "", "")]),
        ({"REDIS_ADDR": "redis://a:1", "REDIS_PASSWORD": "x"}, [("redis://a:1", "", "x")]),
        ({"REDIS_ADDR": ""}, [("redis://a:1", "", "first"), ("redis://b:2", "v", "third")]),
    ],
)
def test_passwords_of_the_file(environment: dict[str, str], expected: list[Login], tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps({"redis://a:1": "first", "redis://u@a:1": "second", "redis://v@b:2": "third"}))
    assert logins({**environment, "REDIS_PASSWORD_FILE": str(file)}) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"redis://a": "hunter2",}', r"is no JSON: expecting property name"),
        ('["hunter2"]', "must be a JSON object of addresses and passwords"),
        ('{"redis://a": {"b": "hunter2"}}', "must be a JSON object of addresses and passwords"),
        ('{"ftp://a": "hunter2"}', r"the address must begin with redis://"),
        (None, r"\$REDIS_PASSWORD_FILE: .* cannot be read: no such file"),
    ],
)
def test_a_bad_password_file_is_one_line_without_its_passwords(
    text: str | None, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "passwords.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        default_config([], {"REDIS_PASSWORD_FILE": str(file)})
    assert "hunter2" not in str(caught.value)


def test_a_url_of_ours_wins() -> None:
    config = default_config([], {"REDIS_URL": "redis://ours", "REDIS_ADDR": "redis://theirs"})
    assert [target.name for target in config.targets] == ["ours:6379"]
