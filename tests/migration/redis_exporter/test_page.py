"""The table of docs/redis_exporter.md says of every flag what becomes of it."""

import subprocess
from pathlib import Path

import pytest

from exporter.config.schema import config_schema
from exporter.migration.redis_exporter.flags import BY_NAME, FLAGS
from exporter.migration.redis_exporter.page import with_table
from tests.peers import require_program

PAGE = Path(__file__).parents[3] / "docs" / "redis_exporter.md"


def test_the_page_has_the_table_as_it_is_made() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text) == text, "run `make docs`"


def test_the_page_begins_with_the_commands() -> None:
    commands = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("$ ")][:3]
    assert [line.split()[2] for line in commands] == ["migrate", "check", "run"]


def test_keys_in_the_table_are_keys_of_the_configuration() -> None:
    names = {name for section in config_schema()["$defs"].values() for name in section.get("properties", {})}
    named = {
        word.rpartition(".")[2]
        for flag in FLAGS
        for word in flag.here.split("`")[1::2]
        if word.startswith(("targets[].", "samplers.", "global.", "web.", "discovery."))
    }
    assert named
    assert named <= names


@pytest.mark.peers("prometheus-redis-exporter")
def test_every_flag_of_debians_redis_exporter_is_known() -> None:
    program = require_program("prometheus-redis-exporter")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    lines = [line.split()[0] for line in (done.stdout + done.stderr).splitlines() if line.startswith("  -")]
    assert len(lines) > 30
    assert {line.lstrip("-") for line in lines} <= BY_NAME.keys()
