"""A queue of BullMQ, written key by key as its scripts do (compared with recorded ones in
`tests/queues/dumps`)."""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any, Final

from tests.fast.loop import FastLoop
from tests.servers import RealServer

_DELAY_FACTOR: Final = 0x1000


class BullQueue:
    """The queue `mail` of a server; to be made in a story."""

    def __init__(self, server: RealServer) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop), "run the story with run_fast"
        self._clock = loop.clock
        self._server = server
        self._last = 0
        server.client.hset(
            "bull:mail:meta", mapping={"opts.maxLenEvents": "10000", "version": "bullmq:6.7.0"}
        )

    @property
    def now_ms(self) -> int:
        """The daemon's time of day."""
        return int(self._clock.now() * 1000)

    def new_job(self, **fields: str | int) -> str:
        """The hash of a job; returns its id."""
        self._last += 1
        identity = str(self._last)
        job: dict[Any, Any] = {
            "name": "send",
            "data": "{}",
            "opts": json.dumps({"attempts": 0}),
            "timestamp": self.now_ms,
        }
        self._server.client.hset(f"bull:mail:{identity}", mapping=job | fields)
        self._server.client.set("bull:mail:id", identity)
        return identity

    def add(self, count: int = 1) -> None:
        """Jobs that wait."""
        for _ in range(count):
            self._server.command("LPUSH", "bull:mail:wait", self.new_job())

    def take(self, *, locked: bool) -> str:
        """One job that is worked on."""
        identity = self.new_job(processedOn=self.now_ms)
        if locked:
            self._server.command("SET", f"bull:mail:{identity}:lock", "token")
        self._server.command("LPUSH", "bull:mail:active", identity)
        return identity

    def delay(self, seconds: float) -> None:
        """One job that is to run later."""
        identity = self.new_job(delay=int(seconds * 1000))
        context = (self.now_ms + int(seconds * 1000)) * _DELAY_FACTOR
        self._server.command("ZADD", "bull:mail:delayed", context, identity)

    def end(self, completed: int, failed: int) -> None:
        """The counts that workers keep with the option `metrics`."""
        self._server.command("HINCRBY", "bull:mail:metrics:completed", "count", completed)
        self._server.command("HINCRBY", "bull:mail:metrics:failed", "count", failed)

    def clear(self) -> None:
        """All jobs are done."""
        self._server.command("DEL", "bull:mail:wait", "bull:mail:active", "bull:mail:delayed")

    @contextlib.contextmanager
    def worker(self) -> Iterator[None]:
        """A connection with the name of a worker."""
        name = b"bull:%b:w:hands" % base64.b64encode(b"mail")
        with socket.create_connection(("127.0.0.1", self._server.port)) as connection:
            connection.sendall(b"CLIENT SETNAME %b\r\n" % name)
            connection.recv(100)
            yield
