"""A small HTTP server that receives webhooks, each path on its own terms."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.alerting.scenario import RESET, Answer, Message, names


class HttpHook:
    """Keeps the messages that were accepted; `answer` says how a path answers."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.payloads: list[dict[str, Any]] = []
        self._answers: defaultdict[str, list[Answer]] = defaultdict(lambda: [Answer()])
        self._server: asyncio.Server | None = None
        self._began = 0.0
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def begin(self) -> None:
        """The story begins now."""
        self._began = asyncio.get_running_loop().time()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def answer(self, receiver: str, answers: Iterable[Answer]) -> None:
        self._answers[receiver] = list(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            # The other side is done, or we are.
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1].strip("/")
        fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = await reader.readexactly(int(fields["content-length"]))
        answers = self._answers[path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.status == 0:
            await asyncio.Event().wait()
        if answer.status == RESET:
            return False
        if answer.status < 400:
            self._keep(json.loads(body))
        wait = f"Retry-After: {answer.retry_after:g}\r\n" if answer.retry_after else ""
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{wait}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()
        return True

    def _keep(self, payload: dict[str, Any]) -> None:
        self.payloads.append(payload)
        by_status: dict[str, list[dict[str, str]]] = {"firing": [], "resolved": []}
        for one in payload["alerts"]:
            by_status[one["status"]].append(one["labels"])
        at = asyncio.get_running_loop().time() - self._began
        self.messages.append(
            Message(
                at,
                payload["receiver"],
                payload["groupKey"],
                payload["status"],
                names(by_status["firing"]),
                names(by_status["resolved"]),
            )
        )
