"""Output that cannot be written as it is: no reader, no room, closed streams, a terminal without UTF-8."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import StartServer

PROGRAM = [sys.executable, "-c", "from exporter.cli import main; main()"]
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
}
ASCII = {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}


def run(arguments: str, folder: Path, **more: object) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, by a shell, which knows how to close streams."""
    environment = {**ENVIRONMENT, **(ASCII if more.pop("ascii", False) else {})}
    command = ["bash", "-c", f'"$@" {arguments}', "bash", *PROGRAM]
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yml").write_text("targets: [{url: 'redis://a'}]")
    return tmp_path


@pytest.mark.parametrize("arguments", ["check config config.yml", "--version", "--help", "scan --help"])
def test_a_full_disk_is_one_line(arguments: str, folder: Path) -> None:
    done = run(f"{arguments} > /dev/full", folder)
    assert done.stderr == "redis-vigil: the output cannot be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments", ["check config config.yml", "--help", "scan --help", "check config --schema"]
)
def test_an_output_that_nobody_reads(arguments: str, folder: Path) -> None:
    done = run(f"{arguments} | true; echo ${{PIPESTATUS[0]}}", folder)
    assert done.stdout in ("141\n", "0\n")
    assert done.stderr == ""


@pytest.mark.server
@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["scan", "slowlog"])
def test_closed_streams(command: str, streams: str, start_server: StartServer, folder: Path) -> None:
    done = run(f"{command} 127.0.0.1:{start_server().port} {streams}", folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.server
def test_a_terminal_without_utf_8(start_server: StartServer, folder: Path) -> None:
    server = start_server()
    server.command("SET", "größe:\U0001f600", "1")
    table = run(f"scan 127.0.0.1:{server.port}", folder, ascii=True)
    assert "gr\\u00f6\\u00dfe:\\ud83d\\ude00" in table.stdout
    assert table.stderr == ""
    document = run(f"scan --format json 127.0.0.1:{server.port}", folder, ascii=True)
    assert "größe:\U0001f600" in str(json.loads(document.stdout))
