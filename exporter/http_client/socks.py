"""SOCKS5 proxies (RFC 1928, with user and password of RFC 1929): the way through one of them.

The proxy looks the host up, as with Go's client, whether the proxy's URL begins with socks5:// or socks5h://.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import httpcore
import httpx

SCHEMES: Final = frozenset({"socks5", "socks5h"})
_DEFAULT_PORT: Final = 1080
_VERSION: Final = 5
_WITHOUT_LOGIN: Final = 0
_BY_PASSWORD: Final = 2
_LONGEST: Final = 255
# Bytes of an address in a reply, by its type; a name has its length before it.
_FOUR: Final = 1
_NAME: Final = 3
_SIX: Final = 4
_ADDRESS_BYTES: Final = {_FOUR: 4, _SIX: 16}
_REFUSALS: Final = (
    "",
    "general failure",
    "not allowed by its rules",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "too late",
    "it cannot connect",
    "it does not know this kind of address",
)


@dataclass(frozen=True, slots=True)
class SocksProxy:
    """Where a proxy is, and who logs in there."""

    host: str
    port: int
    login: tuple[bytes, bytes] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, proxy: httpx.Proxy) -> "SocksProxy":
        """A proxy of these `SCHEMES`."""
        return cls(proxy.url.host, proxy.url.port or _DEFAULT_PORT, proxy.raw_auth)

    async def open(
        self, stream: httpcore.AsyncNetworkStream, host: str, port: int, timeout: float | None
    ) -> None:
        """Have a connection to the proxy lead to a host; raises httpcore's errors."""
        reader = _Reader(stream, timeout)
        methods = bytes([_WITHOUT_LOGIN, _BY_PASSWORD] if self.login else [_WITHOUT_LOGIN])
        await stream.write(bytes([_VERSION, len(methods)]) + methods, timeout)
        version, method = await reader.read(2)
        if version != _VERSION:
            raise httpcore.ProxyError("it does not speak SOCKS5")
        if method == _BY_PASSWORD and self.login:
            user, password = self.login
            await stream.write(b"\1" + _counted(user) + _counted(password), timeout)
            if (await reader.read(2))[1] != 0:
                raise httpcore.ProxyError("wrong user or password")
        elif method != _WITHOUT_LOGIN:
            raise httpcore.ProxyError("it asks for another login")
        await stream.write(bytes([_VERSION, 1, 0]) + _address(host) + port.to_bytes(2), timeout)
        await _read_reply(reader)


def _address(host: str) -> bytes:
    try:
        address = ip_address(host.strip("[]")).packed
    except ValueError:
        return bytes([_NAME]) + _counted(host.encode())
    return bytes([_FOUR if len(address) == _ADDRESS_BYTES[_FOUR] else _SIX]) + address


def _counted(text: bytes) -> bytes:
    if len(text) > _LONGEST:
        raise httpcore.ProxyError(f"SOCKS5 takes no more than {_LONGEST} bytes for a name or a password")
    return bytes([len(text)]) + text


async def _read_reply(reader: "_Reader") -> None:
    version, code, _, kind = await reader.read(4)
    if version != _VERSION:
        raise httpcore.ProxyError("it does not speak SOCKS5")
    if code:
        raise httpcore.ProxyError(_REFUSALS[code] if code < len(_REFUSALS) else f"error {code}")
    length = (await reader.read(1))[0] if kind == _NAME else _ADDRESS_BYTES.get(kind, 0)
    await reader.read(length + 2)


class _Reader:
    """Reads so many bytes and no more: what follows belongs to the host."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, timeout: float | None) -> None:
        self._stream = stream
        self._timeout = timeout

    async def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = await self._stream.read(count - len(data), self._timeout)
            if not piece:
                raise httpcore.ProxyError("it closed the connection")
            data += piece
        return data
