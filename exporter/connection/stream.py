"""A redis-py connection: it logs in, and hands its socket over."""

import asyncio
import ssl
from functools import lru_cache
from pathlib import Path

import redis.asyncio

from exporter.connection.bounds import ReplyBoundError, ReplyBounds
from exporter.connection.causes import tls_text
from exporter.connection.dialing import dial
from exporter.connection.resp_protocol import RespProtocol
from exporter.errors import Reason, TargetError
from exporter.model.file_stamp import FileStamp, stamp_of
from exporter.model.secret import Secret
from exporter.model.target import Target, Tls

# Above this a stream pauses the socket; replies are read in pieces, so it bounds memory, not size.
_STREAM_LIMIT_BYTES = 1 << 20
# Replies to a login are a line each.
_MAX_LOGIN_BYTES = 1 << 16
# As many as there are kinds of servers, each with files of its own.
_CONTEXTS = 256
_NO_KEY = "it holds no certificate with its key in PEM format: name the key in key_file"


class _Protocol(asyncio.StreamReaderProtocol):
    """Remembers that the server has closed the connection: it says so once, and not to who comes after.

    What would not be taken from it later is not taken here either.
    """

    has_ended = False

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._reader = reader
        self._bounds = ReplyBounds(_MAX_LOGIN_BYTES)
        self._budget = _MAX_LOGIN_BYTES

    def data_received(self, data: bytes) -> None:
        """Something has arrived."""
        self._budget -= len(data)
        try:
            self._bounds.note(data)
            if self._budget < 0:
                raise ReplyBoundError("the reply to a login is too large")
        except ReplyBoundError as error:
            self._reader.set_exception(error)
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The server has closed the connection."""
        self.has_ended = True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        self.has_ended = True
        super().connection_lost(exc)


class Stream(redis.asyncio.Connection):
    """redis-py's connection: it logs in and selects the database; the socket is opened here."""

    def __init__(self, target: Target, password: Secret, *, connect_timeout_seconds: float) -> None:
        address = target.address
        super().__init__(
            host=address.host,
            port=address.port,
            db=address.database,
            username=target.credentials.username or None,
            password=password.reveal() or None,
            socket_connect_timeout=connect_timeout_seconds,
            socket_timeout=connect_timeout_seconds,
            protocol=2,
            driver_info=None,
        )
        self._address = address
        self._protocol: _Protocol
        self._tls_context = tls_context(target.tls) if address.tls else None
        self._server_name = target.tls.server_name
        self._connect_timeout_seconds = connect_timeout_seconds

    async def _connect(self) -> None:
        reader = asyncio.StreamReader(limit=_STREAM_LIMIT_BYTES)
        self._protocol = protocol = _Protocol(reader)
        transport = await dial(
            protocol,
            self._address,
            timeout_seconds=self._connect_timeout_seconds,
            tls=self._tls_context,
            server_name=self._server_name,
        )
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())

    async def open(self) -> None:
        """Connect, log in and select the database."""
        await self.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it without annotations

    async def detach(self, where: str, max_reply_bytes: int) -> RespProtocol:
        """Give the open connection away, with what has arrived and nobody has read."""
        reader, writer, protocol = self._reader, self._writer, self._protocol
        assert reader is not None
        assert writer is not None
        self._reader = self._writer = None
        self._release_parser()
        resp = RespProtocol(writer, where, max_reply_bytes)
        writer.transport.set_protocol(resp)
        # Nothing more comes into the reader, so that this waits for nothing.
        reader.feed_eof()
        unread: bytes = await reader.read()
        if unread:
            resp.data_received(unread)
        if protocol.has_ended:
            resp.eof_received()
        return resp

    def abort(self) -> None:
        """Close the socket at once, unless it was handed over."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
        self._release_parser()

    def _release_parser(self) -> None:
        """Let redis-py's parser no longer refer to itself: only the cycle collector would free it."""
        self._parser.set_pubsub_push_handler(None)  # type: ignore[attr-defined]  # of the asynchronous one


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The client side of TLS as configured. Nobody may change it.

    Shared by all connections for as long as its files stay the same: to read the system's certificate
    authorities takes 20 ms.

    Raises `TargetError` where a file cannot be used.
    """
    system = ssl.get_default_verify_paths()
    authorities = (
        (tls.ca_file,) if tls.ca_file else (Path(system.openssl_cafile), Path(system.openssl_capath))
    )
    files = (*authorities, tls.cert_file, tls.key_file)
    return _make_context(tls, tuple(stamp_of(file) for file in files if file))


@lru_cache(_CONTEXTS)
def _make_context(tls: Tls, _: tuple[FileStamp, ...]) -> ssl.SSLContext:
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
        has_no_key = tls.cert_file and not tls.key_file and "PEM lib" in str(error)
        text = _NO_KEY if has_no_key else tls_text(error)
        raise TargetError(Reason.TLS, f"cannot use the TLS files {files}: {text}") from error
    return context
