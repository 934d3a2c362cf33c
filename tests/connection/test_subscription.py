"""Messages that a server sends without being asked again: none waits for the next one to come."""

import asyncio

from exporter.connection.resp_protocol import ask
from exporter.connection.stream import Stream
from exporter.errors import Reason, TargetError
from exporter.model.secret import Secret
from exporter.model.target import Address, Target

SUBSCRIBE = b"*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n"


def test_messages_that_come_together_are_handed_out_one_by_one() -> None:
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"+subscribed\r\n+one\r\n+two\r\n+th")
        await reader.read(100)
        writer.close()
        served.set()

    async def story() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server, asyncio.timeout(20):
            address = Address("127.0.0.1", server.sockets[0].getsockname()[1])
            stream = Stream(Target("a", address), Secret(""), connect_timeout_seconds=5)
            await stream.open()
            resp_protocol = await stream.detach("a", 1 << 20)
            assert await ask(resp_protocol, SUBSCRIBE, 1) == [b"subscribed"]
            assert await ask(resp_protocol, b"", 1) == [b"one"]
            assert await ask(resp_protocol, b"", 1) == [b"two"]
            third = asyncio.create_task(ask(resp_protocol, b"", 1))
            await asyncio.sleep(0)
            resp_protocol.data_received(b"ree\r\n")
            assert await third == [b"three"]
            resp_protocol.abort(TargetError(Reason.CLOSED, "over"))
            await resp_protocol.wait_closed()
            await served.wait()

    asyncio.run(story())
