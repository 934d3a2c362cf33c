"""A server that speaks HTTP/2 where the client offers it, and tells which version came."""

import asyncio
import ssl
from typing import Self

import h2.config
import h2.connection
import h2.events

from tests.notify.http_listener import HttpListener


class Http2Listener(HttpListener):
    """Answers 200; `versions` are those of the requests."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2", "http/1.1"])
        super().__init__(tls=tls)
        self.versions: list[str] = []

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        self.versions.append(chosen or "http/1.1")
        if chosen != "h2":
            await super()._answer(reader, writer)
            return
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    connection.send_headers(event.stream_id, [(":status", "200")])
                    connection.send_data(event.stream_id, b"ok", end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()
