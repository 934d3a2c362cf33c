"""A server of fakeredis in this process, which our own connection speaks to over TCP."""

import threading
from typing import Any, Self

import fakeredis
import redis

from tests.servers import RealServer


class FakeServer:
    """The part of `RealServer` that tests of logic need: an address, a client, and commands."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        # Without a port the system chooses one.
        self._server = fakeredis.TcpFakeServer((self.host, 0), server_type="redis", server_version=(7, 0))
        self.port: int = self._server.server_address[1]
        # Replies are written one by one: they shall not wait for each other's acknowledgements.
        self._server.RequestHandlerClass.disable_nagle_algorithm = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.client = redis.Redis(host=self.host, port=self.port, protocol=2, decode_responses=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def instance(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return f"redis://{self.instance}"

    def command(self, *arguments: str | bytes | int | float) -> Any:
        """Run one command and return its reply."""
        return self.client.execute_command(*arguments)


AnyServer = FakeServer | RealServer
