"""Opens connections for httpx: by names that are looked up apart, with a bound on what arrives."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any, Final

import httpcore

from exporter.connection.names import Users, is_name, name_of
from exporter.http_client.socks import SocksProxy

# So much is taken at a time: a flood of interim answers (100 Continue) in one piece would hold up the loop.
_MOST_AT_ONCE: Final = 4096
# The part of the time for connecting that the resolver may take.
_RESOLVER_SHARE: Final = 0.5
_TIMEOUT_SECONDS: Final = 30.0


class Network(httpcore.AsyncNetworkBackend):
    """Connections of one request, over which no more than so many bytes arrive in total.

    `per_request`: of one after the other, over each connection so many bytes from one that is sent to the
    next. `socks`: they lead through this proxy.
    """

    socks: SocksProxy | None = None

    def __init__(self, users: Users, most_bytes: int, *, per_request: bool = False) -> None:
        self._users: Users = users
        self._most_bytes = most_bytes
        self._allowance = _Allowance(most_bytes)
        self._per_request = per_request
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the addresses of a host, or through a proxy; raises httpcore's errors."""
        if self.socks is None:
            return await self._connect(host, port, timeout, local_address, socket_options)
        stream = await self._connect(self.socks.host, self.socks.port, timeout, local_address, socket_options)
        try:
            await self.socks.open(stream, host, port, timeout)
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def _connect(
        self,
        host: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.AsyncNetworkStream:
        seconds = timeout or _TIMEOUT_SECONDS
        deadline = time.monotonic() + seconds
        addresses = await self._addresses(host, port, seconds * _RESOLVER_SHARE)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for index, address in enumerate(addresses):
            left = max(0.1, (deadline - time.monotonic()) / (len(addresses) - index))
            try:
                stream = await self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                if address != host:
                    name_of(host, self._users).reached[port] = address
                if self._per_request:
                    return _Stream(stream, _Allowance(self._most_bytes), renews=True)
                return _Stream(stream, self._allowance)
        raise failure

    async def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        if not is_name(host.strip("[]")):
            return [host.strip("[]")]
        try:
            return list(await name_of(host, self._users).to_connect(port, seconds))
        except socket.gaierror as error:
            raise httpcore.ConnectError(error.strerror or str(error)) from error

    async def sleep(self, seconds: float) -> None:
        """Wait before another try."""
        await asyncio.sleep(seconds)


class _Allowance:
    """The number of bytes that may still arrive."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = self._left = most_bytes

    def renew(self) -> None:
        self._left = self._most_bytes

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise httpcore.RemoteProtocolError("the answer is too long")


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(
        self, stream: httpcore.AsyncNetworkStream, allowance: _Allowance, *, renews: bool = False
    ) -> None:
        self._stream = stream
        self._allowance = allowance
        self._renews = renews

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(min(max_bytes, _MOST_AT_ONCE), timeout)
        self._allowance.take(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._renews:
            self._allowance.renew()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(stream, self._allowance, renews=self._renews)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
