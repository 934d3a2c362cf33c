"""A server that answers with what a test tells it to: for modules and faults that no real server here has."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import hiredis


def encode(value: Any) -> bytes:
    """A value in RESP 2; exceptions are error replies."""
    if isinstance(value, Exception):
        return b"-%s\r\n" % str(value).encode()
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, list | tuple):
        return b"*%d\r\n" % len(value) + b"".join(encode(item) for item in value)
    data = value.encode() if isinstance(value, str) else value
    return b"$%d\r\n%s\r\n" % (len(data), data)


@asynccontextmanager
async def canned_server(replies: dict[str, Any]) -> AsyncIterator[int]:
    """A server on a port of 127.0.0.1 that answers a command (`INFO ALL`, in capitals) with its reply, any
    other with +OK. Bytes that begin with `!` are sent as they are, and the connection is closed."""

    conversations: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        with contextlib.suppress(OSError, hiredis.ProtocolError):
            await _talk(reader, writer, replies)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        if conversations:
            await asyncio.wait(conversations, timeout=5)


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, replies: dict[str, Any]) -> None:
    parser = hiredis.Reader()
    while data := await reader.read(65536):
        parser.feed(data)
        while (command := parser.gets()) is not False:
            words = b" ".join(command).decode("utf-8", "replace")
            name = next((key for key in replies if words.upper().startswith(key)), None)
            reply = b"+OK\r\n" if name is None else replies[name]
            if isinstance(reply, bytes) and reply.startswith(b"!"):
                writer.write(reply[1:])
                return
            writer.write(reply if name is None else encode(reply))
