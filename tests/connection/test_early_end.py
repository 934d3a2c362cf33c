"""Connections that are closed before anything was asked over them: known at once, not after a deadline."""

import asyncio

import pytest

from exporter.connection.greeting import set_client_info
from exporter.connection.resp_protocol import RespProtocol, ask
from exporter.connection.stream import Stream
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Target

PING = b"*1\r\n$4\r\nPING\r\n"


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one question, if it is asked soon, and closes the connection."""
    try:
        async with asyncio.timeout(0.1):
            await reader.read(100)
            writer.write(b"+OK\r\n")
    except TimeoutError:
        pass
    writer.close()


async def opened(port: int) -> Stream:
    stream = Stream(Target("a", Address("127.0.0.1", port)), Secret(""), connect_timeout_seconds=5)
    await stream.open()
    return stream


async def require_end(resp_protocol: RespProtocol) -> None:
    with pytest.raises(TargetError) as failure:
        resp_protocol.require_open()
    assert failure.value.reason is Reason.CLOSED
    async with asyncio.timeout(5):
        with pytest.raises(TargetError) as failure:
            await ask(resp_protocol, PING, 1)
    assert failure.value.reason is Reason.CLOSED


@pytest.mark.parametrize("when", ["before the hand-over", "after it", "after the greeting"])
def test_it_is_not_waited_for_what_has_ended(when: str) -> None:
    async def story() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            stream = await opened(server.sockets[0].getsockname()[1])
            if when == "before the hand-over":
                await asyncio.sleep(0.3)
            resp_protocol = await stream.detach("a", 1 << 20)
            if when == "after it":
                await asyncio.sleep(0.3)
            if when == "after the greeting":
                await set_client_info(resp_protocol, "a", "tests", no_touch=False)
                await asyncio.sleep(0.3)
            await require_end(resp_protocol)

    asyncio.run(story())
