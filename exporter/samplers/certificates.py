"""Expiry of the certificates of a connection over TLS: the server's, and ours."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from exporter.clock import Clock
from exporter.connection.certificate import expiry_of_file
from exporter.connection.handshake import see_certificate
from exporter.errors import TargetError
from exporter.model.target import Target

SERVER: Final = "server"
CLIENT: Final = "client"
# How often a server is asked to show its certificate: the longer the time that is left, the more rarely.
_LOOK_SECONDS: Final = 3600.0
_LAST_DAY_SECONDS: Final = 86_400.0
_LAST_DAY_LOOK_SECONDS: Final = 300.0
_EXPIRED_LOOK_SECONDS: Final = 60.0


class CertificateWatch:
    """Watches when the certificates expire that a server shows and is shown.

    It is told of those of connections that are opened anyway. As these may stand for months, it has the
    server show it now and then in a handshake of its own.
    """

    def __init__(self, target: Target, clock: Clock, timeout_seconds: float) -> None:
        self._target = target
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._expires_at: dict[str, float] = {}
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def expires_at(self) -> Mapping[str, float]:
        """Times of expiry as last seen, in epoch seconds, by the value of the label `certificate`."""
        return self._expires_at

    def note(self, expires_at: float | None) -> None:
        """Note the certificate that the server has shown in the handshake of a connection."""
        if not self._target.address.tls:
            return
        self._looked_at = self._clock.monotonic()
        if expires_at is not None:
            self._expires_at[SERVER] = expires_at
        file = self._target.tls.cert_file
        ours = None if file is None else expiry_of_file(file)
        if ours is not None:
            self._expires_at[CLIENT] = ours

    def look_if_due(self) -> None:
        """Have the server show its certificate, in the background, if that was long ago."""
        if self._target.address.tls and self._looking is None and self._is_due:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._done)

    @property
    def _is_due(self) -> bool:
        if self._looked_at is None:
            return True
        left = min(self._expires_at.values(), default=float("inf")) - self._clock.now()
        interval = _LOOK_SECONDS
        if left <= _LAST_DAY_SECONDS:
            interval = _LAST_DAY_LOOK_SECONDS if left > 0 else _EXPIRED_LOOK_SECONDS
        return self._clock.monotonic() - self._looked_at >= interval

    async def _look(self) -> None:
        self._looked_at = self._clock.monotonic()
        # Why there is no handshake is told by whoever needs the server.
        with suppress(TargetError):
            self.note(await see_certificate(self._target, timeout_seconds=self._timeout_seconds))

    def _done(self, _: "asyncio.Task[None]") -> None:
        self._looking = None

    async def close(self) -> None:
        """Cancel the handshake under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
