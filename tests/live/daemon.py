"""The daemon as a process of its own, as its users run it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from tests.servers import free_port

READY_SECONDS: Final = 120.0


class Daemon:
    """`redis-vigil run` on a free port, with what it says on standard error in a file."""

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self._headers = headers or {}
        self.port = free_port()
        self.arguments = [*arguments, "--web.listen-address", f"127.0.0.1:{self.port}"]
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process; it must run."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.directory / "daemon.log").read_text(errors="replace")

    def start(self) -> Self:
        """Start and wait until it is ready."""
        with (self.directory / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "exporter", "run", *self.arguments],
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: self._is_ready(), READY_SECONDS, "the daemon is ready")
        except BaseException as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.log}") from error
        return self

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self._process.returncode}:\n{self.log}")
        try:
            with self.get("/-/ready") as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def get(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Any:
        """The response to one request."""
        sent = {**self._headers, **(headers or {})}
        request = urllib.request.Request(self.url + path, body, sent, method=method)
        return urllib.request.urlopen(request, timeout=10)

    def text(self, path: str) -> str:
        """The body of one page."""
        with self.get(path) as response:
            body: str = response.read().decode()
            return body

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self, seconds: float = 12.0) -> int:
        """SIGTERM, and the exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """`kill -9`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until the condition holds something true, and return that; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
