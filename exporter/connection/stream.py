"""A redis-py connection that tells when the server closes it, also while nobody is reading."""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any

import redis.asyncio

from exporter.errors import Reason, TargetError
from exporter.model.target import Target, Tls

# Above this a stream pauses the socket; replies are read in pieces, so it bounds memory, not size.
_STREAM_LIMIT_BYTES = 1 << 20


class WatchedReader(asyncio.StreamReader):
    """A stream reader that calls `on_closed` once when the other side is gone."""

    def __init__(self, on_closed: Callable[[], None]) -> None:
        super().__init__(limit=_STREAM_LIMIT_BYTES)
        self._on_closed: Callable[[], None] | None = on_closed
        self.received_at = 0.0

    def feed_data(self, data: Any) -> None:
        self.received_at = time.monotonic()
        super().feed_data(data)

    def feed_eof(self) -> None:
        super().feed_eof()
        self._tell()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self._tell()

    def _tell(self) -> None:
        tell, self._on_closed = self._on_closed, None
        if tell is not None:
            tell()

    def unwatch(self) -> None:
        """The connection is about to be closed from our side: no news in that."""
        self._on_closed = None


class Stream(redis.asyncio.Connection):
    """redis-py's connection: it logs in and selects the database; the socket is opened here."""

    def __init__(
        self, target: Target, *, connect_timeout_seconds: float, on_closed: Callable[[], None]
    ) -> None:
        address, credentials = target.address, target.credentials
        super().__init__(
            host=address.host,
            port=address.port,
            db=address.database,
            username=credentials.username or None,
            password=credentials.password.reveal() or None,
            socket_connect_timeout=connect_timeout_seconds,
            socket_timeout=connect_timeout_seconds,
            protocol=2,
            driver_info=None,
        )
        self._address = address
        self._watched_by = on_closed
        self._tls_context = tls_context(target.tls) if address.tls else None
        self._server_name = target.tls.server_name or address.host

    async def _connect(self) -> None:
        reader = WatchedReader(self._watched_by)
        protocol = asyncio.StreamReaderProtocol(reader)
        async with asyncio.timeout(self.socket_connect_timeout):
            transport = await self._open(protocol)
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())

    async def _open(self, protocol: asyncio.StreamReaderProtocol) -> asyncio.WriteTransport:
        loop = asyncio.get_running_loop()
        address = self._address
        if address.path:
            transport, _ = await loop.create_unix_connection(lambda: protocol, address.path)
            return transport
        transport, _ = await loop.create_connection(
            lambda: protocol,
            address.host,
            address.port,
            ssl=self._tls_context,
            server_hostname=self._server_name if self._tls_context else None,
        )
        return transport

    async def open(self) -> None:
        """Connect, log in and select the database."""
        await self.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it without annotations

    async def write(self, payload: bytes) -> None:
        """Send bytes that are already in the protocol's form."""
        assert self._writer is not None
        self._writer.write(payload)
        await self._writer.drain()

    async def read(self, size: int) -> bytes:
        """Whatever has arrived, at least one byte; empty when the server has closed."""
        assert self._reader is not None
        data: bytes = await self._reader.read(size)
        return data

    @property
    def received_at(self) -> float:
        """When something last arrived, by the monotonic clock."""
        reader: Any = self._reader
        return reader.received_at if isinstance(reader, WatchedReader) else 0.0

    def unwatch(self) -> None:
        """Closing it is no longer worth a call."""
        reader: Any = self._reader
        if isinstance(reader, WatchedReader):
            reader.unwatch()

    def abort(self) -> asyncio.StreamWriter | None:
        """Close the socket at once, without waiting; returns what can be waited for."""
        self.unwatch()
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
        return writer


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The client side of TLS as configured.

    Raises `TargetError` where a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
        if tls.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if tls.cert_file is not None:
            # Without a callback OpenSSL would ask for the key's passphrase on the terminal.
            context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file)
        raise TargetError(
            Reason.TLS, f"cannot use the TLS files {files}: {error.strerror or error}"
        ) from error
    return context
