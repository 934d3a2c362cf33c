"""Real Redis and Valkey servers, started by tests and always ended."""

import atexit
import contextlib
import signal
import socket
import subprocess
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

READY_SECONDS: Final = 15.0
# A cluster node also listens on its port plus this.
_BUS: Final = 10_000
_MAX_PORT: Final = 55_000
_running: Final["weakref.WeakSet[RealServer]"] = weakref.WeakSet()


def free_port() -> int:
    """A TCP port on which nobody listens at this moment, nor on that of its cluster bus."""
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if port < _MAX_PORT and bus.connect_ex(("127.0.0.1", port + _BUS)):
                return port


class RealServer:
    """One server process with a directory of its own, on 127.0.0.1 or another `host` of that network.

    `arguments` are those of the server (`"--maxmemory", "1mb"`); `{port}` in one of them is replaced.
    `config` is the text of a configuration file, for what needs one (a sentinel). The port stays the same for
    the life of the object, over restarts.
    """

    def __init__(
        self,
        program: Path,
        directory: Path,
        *arguments: str,
        config: str = "",
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.program = program
        self.directory = directory
        self.port = port or free_port()
        self.host = host
        self.arguments = tuple(argument.replace("{port}", str(self.port)) for argument in arguments)
        self.config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._client: redis.Redis | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def instance(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return f"redis://{self.instance}"

    @property
    def pid(self) -> int:
        """The process id; raises where the server does not run."""
        return self._running_process().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server printed so far."""
        path = self.directory / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def client(self) -> redis.Redis:
        """A client to prepare the server with; it reconnects after a restart."""
        if self._client is None:
            self._client = redis.Redis(
                host=self.host,
                port=self.port,
                password=self._password,
                protocol=2,
                decode_responses=True,
                socket_timeout=10,
                retry=Retry(NoBackoff(), 2),
            )
        return self._client

    def command(self, *arguments: str | bytes | int | float) -> Any:
        """Run one command and return its reply."""
        return self.client.execute_command(*arguments)

    def start(self, ready_seconds: float = READY_SECONDS) -> Self:
        """Start and wait until the server answers."""
        if self.is_running:
            raise RuntimeError("the server runs already")
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command_line(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        _running.add(self)
        try:
            self._wait_until_ready(time.monotonic() + ready_seconds)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self, seconds: float = 10.0) -> None:
        """End the server politely, without saving; with SIGKILL where that takes longer."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def restart(self) -> Self:
        """Stop and start again on the same port."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._running_process().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._running_process().send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hangs inside the block."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def _command_line(self) -> list[str]:
        command = [str(self.program)]
        if self.config:
            path = self.directory / "server.conf"
            path.write_text(self.config.replace("{port}", str(self.port)))
            command.append(str(path))
        defaults = [
            "--port",
            str(self.port),
            "--bind",
            self.host,
            "--save",
            "",
            "--dir",
            str(self.directory),
        ]
        return [*command, *defaults, *self.arguments]

    @property
    def _password(self) -> str | None:
        if "--requirepass" not in self.arguments:
            return None
        return self.arguments[self.arguments.index("--requirepass") + 1]

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._running_process().send_signal(number)

    def _wait_until_ready(self, deadline: float) -> None:
        while not self._answers():
            if not self.is_running:
                raise RuntimeError(f"the server ended at once:\n{self.log}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not answer in time:\n{self.log}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                if "--tls-port" in self.arguments:
                    return True
                connection.sendall(b"PING\r\n")
                reply = connection.recv(256)
        except OSError:
            return False
        # An error such as NOAUTH is an answer too.
        return bool(reply) and not reply.startswith(b"-LOADING")


@atexit.register
def _end_all() -> None:
    for server in list(_running):
        server.kill()
