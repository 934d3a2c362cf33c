"""A handshake for its own sake: which certificate does a server show?"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final

from exporter.connection.certificate import expiry_of
from exporter.connection.dialing import dial
from exporter.connection.stream import tls_context
from exporter.connection.translate import connect_error
from exporter.model.target import Target

_CLOSE_SECONDS: Final = 2.0


async def see_certificate(target: Target, *, timeout_seconds: float) -> float | None:
    """When the certificate expires that the server shows now; None where it shows none that can be read.

    A handshake of its own, after which nothing is said: also a certificate that is not valid is seen.
    Raises `TargetError` where no handshake comes about.
    """
    context = tls_context(replace(target.tls, insecure_skip_verify=True))
    protocol = _Farewell()
    try:
        transport = await dial(
            protocol,
            target.address,
            timeout_seconds=timeout_seconds,
            tls=context,
            server_name=target.tls.server_name,
        )
    except OSError as error:
        raise connect_error(error, str(target.address)) from error
    try:
        expires_at = expiry_of(transport)
        # One that breaks off before the server has heard the end of the handshake counts as rejected there.
        transport.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await protocol.closed.wait()
        return expires_at
    finally:
        transport.abort()


class _Farewell(asyncio.Protocol):
    """Says nothing, and waits for the end."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, _: Exception | None) -> None:
        """Both sides have closed it."""
        self.closed.set()
