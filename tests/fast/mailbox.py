"""What the daemon sends, received by a real HTTP server inside the same event loop."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.fast.loop import FastLoop

PEER: Final = "peer/health?peers=0"
"""Where a daemon asks whose `peers` have the URL `{hook}/peer`."""

Who = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Message:
    """One request that the daemon sent.

    `at`: seconds since the daemon began; `receiver`: the path without its slash, which is the receiver's name
    unless the test says otherwise; `body`: the JSON, or the text where it is none.
    """

    at: float
    receiver: str
    body: Any

    @property
    def status(self) -> str:
        """Of a webhook: "firing" while any of its alerts is, else "resolved"."""
        return str(self.body.get("status", "")) if isinstance(self.body, Mapping) else ""

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The alerts of a webhook, firing and resolved, as Alertmanager writes them."""
        return list(self.body.get("alerts", ())) if isinstance(self.body, Mapping) else []

    @property
    def firing(self) -> Who:
        """(alertname, instance) of those that it says are firing."""
        return self._who("firing")

    @property
    def resolved(self) -> Who:
        """(alertname, instance) of those that it says are over."""
        return self._who("resolved")

    @property
    def alertnames(self) -> frozenset[str]:
        """The names of all its alerts."""
        return frozenset(one["labels"]["alertname"] for one in self.alerts)

    @property
    def texts(self) -> list[str]:
        """Every text of it: annotations of a webhook, all strings of anything else."""
        if self.alerts:
            return [text for alert in self.alerts for text in alert["annotations"].values()]
        return list(_strings(self.body))

    def _who(self, status: str) -> Who:
        labels = [one["labels"] for one in self.alerts if one["status"] == status]
        return frozenset((one["alertname"], one.get("instance", "")) for one in labels)

    def __str__(self) -> str:
        firing, resolved = sorted(self.firing), sorted(self.resolved)
        return f"{self.at:7.1f} s {self.receiver}: firing {firing}, resolved {resolved}"


def _strings(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    inside = body.values() if isinstance(body, Mapping) else body if isinstance(body, list) else ()
    return [text for one in inside for text in _strings(one)]


class Mailbox:
    """Listens on a port of its own and keeps what comes.

    `answers`: the status by receiver, else 200; `bodies`: what the answer holds, else `ok`. At `PEER` it is
    another daemon, and what asks there is no message.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.messages: list[Message] = []
        self.answers: dict[str, int] = {}
        self.bodies = {PEER: b'{"health": "healthy", "up": ["redis-1:6379"]}'}
        self._now = now
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where to send to."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), loop.working():
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            sizes = [line.split(":")[1] for line in head if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(sizes[0]) if sizes else 0)
            receiver = head[0].split(" ")[1].lstrip("/")
            if receiver != PEER:
                self.messages.append(Message(self._now(), receiver, _parsed(body)))
            status = self.answers.get(receiver, 200)
            answer = self.bodies.get(receiver, b"ok")
            begin = b"HTTP/1.1 %d -\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (
                status,
                len(answer),
            )
            writer.write(begin + answer)
            await writer.drain()
        writer.close()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
