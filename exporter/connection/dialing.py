"""Opening a socket to a server: at its path, or at one of the addresses of its host."""

import asyncio
import errno
import ssl
import time
from typing import Final

from exporter.connection.names import is_name, name_of
from exporter.model.target import Address

# No way there, as with IPv6 on a machine without it: says less than what the other addresses say.
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
# The part of the time for connecting that the resolver may take.
_RESOLVER_SHARE: Final = 0.5


async def dial(
    protocol: asyncio.BaseProtocol,
    address: Address,
    *,
    timeout_seconds: float,
    tls: ssl.SSLContext | None = None,
    server_name: str = "",
) -> asyncio.WriteTransport:
    """A transport with this protocol; over TLS where there is a context for it.

    Raises `OSError` (of which are `socket.gaierror`, `ssl.SSLError` and `TimeoutError`).
    """
    deadline = time.monotonic() + timeout_seconds
    async with asyncio.timeout(timeout_seconds):
        if address.path:
            return await _open_path(protocol, address.path)
        hosts = [address.host]
        if is_name(address.host):
            hosts = list(
                await name_of(address.host).to_connect(address.port, timeout_seconds * _RESOLVER_SHARE)
            )
        failure: OSError | None = None
        for index, host in enumerate(hosts):
            seconds = (deadline - time.monotonic()) / (len(hosts) - index)
            try:
                return await _open_host(protocol, host, address, seconds, tls, server_name)
            except OSError as error:
                if isinstance(error, ssl.SSLError):
                    raise
                failure = error if failure is None or failure.errno in _NO_WAY else failure
        raise failure or OSError(errno.EADDRNOTAVAIL, "no address")


async def _open_path(protocol: asyncio.BaseProtocol, path: str) -> asyncio.WriteTransport:
    transport, _ = await asyncio.get_running_loop().create_unix_connection(lambda: protocol, path)
    return transport


async def _open_host(
    protocol: asyncio.BaseProtocol,
    host: str,
    address: Address,
    seconds: float,
    tls: ssl.SSLContext | None,
    server_name: str,
) -> asyncio.WriteTransport:
    async with asyncio.timeout(seconds):
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: protocol,
            host,
            address.port,
            ssl=tls,
            server_hostname=(server_name or address.host) if tls else None,
        )
    if host != address.host:
        name_of(address.host).reached[address.port] = host
    return transport
