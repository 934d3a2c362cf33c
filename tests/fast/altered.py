"""A server whose replies are others than those of the real one behind it, or recorded ones without any."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Self

from tests.fast.loop import FastLoop
from tests.servers import RealServer

# What stands in INFO instead of a value: a text, or what makes it of the real one.
Change = str | Callable[[str], str]
_UNKNOWN: Final = b"-ERR unknown command\r\n"


class AlteredServer:
    """Listens on a port of its own, inside a story; what it is asked it asks the real server.

    `info`: changes of fields of INFO. `replies`: raw replies (RESP) by the name of the command in capitals,
    or by it and the first argument (`CONFIG GET`); they go before the real ones. `delay_seconds`: how late
    replies are, in the loop's time; name the port to `daemon.hanging` then. Without a real server only
    `replies` are known. `asked` has the names of the commands that came.
    """

    def __init__(self, real: RealServer | None = None) -> None:
        self.info: dict[str, Change] = {}
        self.replies: dict[str, bytes] = {}
        self.delay_seconds = 0.0
        self.asked: set[str] = set()
        self.port = 0
        self._real = real
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What the daemon is to watch."""
        return f"redis://127.0.0.1:{self.port}"

    async def start(self) -> Self:
        """Begin to listen; after `stop` on the same port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Close all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def refuse(self, *commands: str, reply: bytes = _UNKNOWN) -> None:
        """Answer these with an error, as managed servers do with what they have taken away."""
        self.replies.update(dict.fromkeys(commands, reply))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop), "run the story with run_fast"
        behind: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            if self._real is not None:
                behind = await asyncio.open_connection("127.0.0.1", self._real.port, limit=1 << 26)
            while True:
                is_first = not reader._buffer  # type: ignore[attr-defined]  # of what was sent together
                request = await _read(reader)
                name, reply = self._known(request)
                if behind is not None and reply is None:
                    behind[1].write(request)
                    with loop.working():
                        reply = await _read(behind[0])
                    if name == "INFO":
                        reply = self._altered(reply)
                if self.delay_seconds and is_first:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(_UNKNOWN if reply is None else reply)
        finally:
            if behind is not None:
                behind[1].transport.abort()

    def _known(self, request: bytes) -> tuple[str, bytes | None]:
        """The name of the command that is asked, and the reply to it that stands here."""
        words = [word.decode(errors="replace").upper() for word in request.split(b"\r\n")[2:5:2]]
        self.asked.add(words[0])
        return words[0], self.replies.get(" ".join(words), self.replies.get(words[0]))

    def _altered(self, reply: bytes) -> bytes:
        """INFO with the changes."""
        if not reply.startswith(b"$"):
            return reply
        lines = reply.partition(b"\r\n")[2].decode().split("\r\n")[:-1]
        text = "\r\n".join(self._changed(line) for line in lines)
        return bulk(text)

    def _changed(self, line: str) -> str:
        field, colon, value = line.partition(":")
        change = self.info.get(field) if colon else None
        if change is None:
            return line
        return f"{field}:{change if isinstance(change, str) else change(value)}"


def bulk(text: str) -> bytes:
    """A text as a reply."""
    body = text.encode()
    return b"$%d\r\n%b\r\n" % (len(body), body)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """One request or reply as it came (RESP 2)."""
    line = await reader.readuntil(b"\r\n")
    kind, size = line[:1], line[1:-2]
    if kind == b"$" and size != b"-1":
        return line + await reader.readexactly(int(size) + 2)
    if kind == b"*" and size != b"-1":
        return line + b"".join([await _read(reader) for _ in range(int(size))])
    return line
