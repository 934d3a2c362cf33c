"""A second daemon on the directory of the first: it ends with one line, unless the first is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIG = """
targets: [{url: "redis://127.0.0.1:1"}]
rule_files: []
storage: {path: state}
web: {listen_address: "127.0.0.1:0"}
"""
PATIENCE_SECONDS = 60


def start(config: Path, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "exporter", *command, str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def wait_started(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if "msg=started" in line:
            return
    pytest.fail(f"the daemon ended with {process.wait()}")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def first(config: Path) -> "Iterator[subprocess.Popen[str]]":
    process = start(config, "run", "--config")
    wait_started(process)
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_the_second_is_refused_in_one_line(config: Path, first: "subprocess.Popen[str]") -> None:
    second = start(config, "run", "--config")
    output, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    (line,) = output.strip().splitlines()
    assert line.startswith(f"redis-vigil: {config.parent / 'state'} is used by another redis-vigil")
    assert f"pid {first.pid} on " in line
    assert "listening on 127.0.0.1:" in line


def test_a_killed_one_is_followed_at_once(config: Path, first: "subprocess.Popen[str]") -> None:
    # Not waited for: it may still be there for a moment.
    first.send_signal(signal.SIGKILL)
    second = start(config, "run", "--config")
    try:
        wait_started(second)
    finally:
        second.terminate()
        second.communicate(timeout=PATIENCE_SECONDS)


def test_who_only_looks_is_not_refused(config: Path, first: "subprocess.Popen[str]") -> None:
    holder = (config.parent / "state" / "lock").read_text()
    look = start(config, "check", "config")
    output, _ = look.communicate(timeout=PATIENCE_SECONDS)
    assert look.returncode == 0, output
    assert (config.parent / "state" / "lock").read_text() == holder
    assert first.poll() is None
