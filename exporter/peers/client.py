"""Asks another daemon for its `/health`."""

import asyncio

import httpx

from exporter.config.peers import PeerSection
from exporter.errors import NotifyError, PeerError
from exporter.http_client.failures import failure_text
from exporter.http_client.transport import Answer, Transport
from exporter.notify.authorization import Authorizer
from exporter.notify.http import configured_headers
from exporter.peers.reading import MAX_BYTES, read_report
from exporter.peers.report import PeerReport

# Only its own servers: two that are each other's peers would otherwise tell of themselves.
_QUERY = "peers=0"


class PeerClient:
    """One peer; files with passwords and tokens are read each time."""

    def __init__(self, section: PeerSection) -> None:
        self.section = section
        self._timeout_seconds = section.timeout.seconds
        self._url = _address(section)
        self._transport = Transport(
            section.model_copy(update={"enable_http2": False}),
            "receivers",
            timeout_seconds=self._timeout_seconds,
            most_bytes=MAX_BYTES,
        )
        self._authorizer = Authorizer(section, section.shown_name, self._timeout_seconds)

    async def ask(self) -> PeerReport:
        """What it says now; raises `PeerError` with words that show neither URL nor secret."""
        answer = await self._answer()
        if answer.status == 401:
            self._authorizer.invalidate_token()
            raise PeerError("it wants another user or password (401)")
        # 503 is what `/health` says where something is unhealthy.
        if answer.status not in (200, 503):
            raise PeerError(f"it answers with status {answer.status}")
        if answer.is_cut or answer.encoding:
            raise PeerError(f"its answer is larger than {MAX_BYTES >> 20} MiB, or cannot be unpacked")
        try:
            return await asyncio.to_thread(read_report, answer.body)
        except PeerError:
            if answer.status == 503:
                raise PeerError("it answers with status 503") from None
            raise

    async def _answer(self) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                headers = {**configured_headers(self.section), **await self._authorizer.headers()}
                return await self._transport.send("GET", self._url, {**headers, "accept": "application/json"})
        except (httpx.TimeoutException, TimeoutError):
            raise PeerError(f"no answer within {self.section.timeout}") from None
        except NotifyError as error:
            raise PeerError(str(error)) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise PeerError(failure_text(error)) from None


def _address(section: PeerSection) -> str:
    url = section.url.with_path("/health").reveal()
    return f"{url}&{_QUERY}" if "?" in url else f"{url}?{_QUERY}"
