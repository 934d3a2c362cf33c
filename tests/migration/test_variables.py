"""Variables in a telegraf.conf, as Telegraf puts them in."""

from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.migration.telegraf import migrate_telegraf
from exporter.migration.variables import UnsetVariableError, expand, variable_in

ENVIRONMENT = {"HOST": "cache", "EMPTY": "", "word": "X", "IVL": '"5s"'}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tcp://$HOST:6379", "tcp://cache:6379"),
        ("tcp://${HOST}.local", "tcp://cache.local"),
        ("${EMPTY:-none} ${EMPTY-none}", "none "),
        ("a$$HOST", "a$HOST"),
        ("100$", "100$"),
    ],
)
def test_what_is_set(text: str, value: str) -> None:
    assert expand(text, ENVIRONMENT) == value


def test_what_is_not_set() -> None:
    with pytest.raises(UnsetVariableError, match=r"holds \$\{NOWHERE\}, which is not set here"):
        expand("tcp://$NOWHERE:6379", ENVIRONMENT)
    assert expand("pa$sword", ENVIRONMENT, keeps_bare=True) == "pa$sword"
    assert expand("pa$word", ENVIRONMENT, keeps_bare=True) == "paX"


@pytest.mark.parametrize(
    ("text", "name"),
    [("$REDIS_PW", "REDIS_PW"), ("${pw}", "pw"), ("$ecret", ""), ("${PW:-x}", ""), ("a$PW", ""), ("$$", "")],
)
def test_a_text_that_is_a_variable(text: str, name: str) -> None:
    assert variable_in(text) == name


def test_a_file_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PW", "pa55")
    text = '[[inputs.redis]]\nservers = ["tcp://$HOST:6379"]\npassword = "$REDIS_PW"\ninterval = $IVL\n'
    draft = migrate_telegraf(text, "telegraf.conf", tmp_path, ENVIRONMENT)
    config = draft.files["config.yml"]
    assert "url: redis://cache:6379\n    password_env: REDIS_PW\n    sample_interval: 5s\n" in config
    with pytest.raises(ConfigError, match=r"telegraf.conf:2:1: servers: holds \$\{HOST\}"):
        migrate_telegraf(text, "telegraf.conf", tmp_path, {"IVL": "5"})
