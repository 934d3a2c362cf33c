"""`KeepAliveTransport`: requests to one server over connections that stay open between them."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.connection.names import Users
from exporter.http_client.network import Network
from exporter.http_client.proxies import proxy_for
from exporter.http_client.redirects import Request
from exporter.http_client.transport import OVERHEAD_BYTES, Transport

# Shorter than what servers and load balancers mostly wait for, so that they are not the ones who close.
_IDLE_SECONDS: Final = 50.0


class KeepAliveTransport(Transport):
    """Sends with one `http_config`, over connections that stay open between requests. Close it."""

    def __init__(
        self, config: HttpConfig, users: Users, *, timeout_seconds: float, most_bytes: int, connections: int
    ) -> None:
        super().__init__(config, users, timeout_seconds=timeout_seconds, most_bytes=most_bytes)
        self._connections = connections
        # By the proxy (empty: none), with the context that each was made with.
        self._clients: dict[str, tuple[ssl.SSLContext, httpx.AsyncClient]] = {}

    @asynccontextmanager
    async def _client(self, request: Request) -> AsyncIterator[httpx.AsyncClient]:
        context = await self._tls.get()
        proxy = proxy_for(self._config, str(request.url), context)
        key = str(proxy.url) if proxy else ""
        known = self._clients.get(key)
        if known is None or known[0] is not context:
            if known is not None:
                await known[1].aclose()
            known = self._clients[key] = (context, self._make_client(context, proxy))
        # A receiver has nothing to remember here.
        known[1].cookies.clear()
        yield known[1]

    @property
    def _limits(self) -> httpx.Limits:
        return httpx.Limits(
            max_connections=self._connections,
            max_keepalive_connections=self._connections,
            keepalive_expiry=_IDLE_SECONDS,
        )

    def _network(self) -> Network:
        return Network(self._users, self._most_bytes + OVERHEAD_BYTES, per_request=True)

    async def close(self) -> None:
        """Close all connections."""
        clients = [client for _, client in self._clients.values()]
        self._clients.clear()
        for client in clients:
            await client.aclose()
